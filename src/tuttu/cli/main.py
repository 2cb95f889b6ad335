"""The command ``tuttu``."""

import sys

import click

from tuttu.cli import (
    customers,
    decisions,
    evaluation,
    folders,
    importing,
    linking,
    operations,
    terminal,
)
from tuttu.cli.benching import run_benches
from tuttu.cli.demo import demo
from tuttu.cli.resuming import Interrupted
from tuttu.cli.serving import reload_project, serve
from tuttu.intake import MappingError
from tuttu.vocabulary.errors import ProjectError, TuttuError


class Commands(click.Group):
    """Prints errors; exits with 2 for a faulty project folder or mapping, 1 for anything else."""

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except (ProjectError, MappingError) as error:
            for fault in error.faults:
                terminal.say(str(fault), err=True)
            sys.exit(folders.FAULTY)
        except Interrupted as wish:
            sys.exit(wish.exit_code)
        except TuttuError as error:
            raise click.ClickException(terminal.printable(str(error))) from error
        except click.UsageError as error:
            said = terminal.printable(error.format_message())
            raise click.UsageError(said, error.ctx) from error


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="tuttu")
def main() -> None:
    """tuttu decides the next best action for each customer by one policy, in every channel.

    WHO is namespace:value, as user_id:maija; without a colon it is a user_id.
    """


for command in (
    folders.init,
    folders.check,
    folders.schema,
    folders.openapi,
    serve,
    reload_project,
    demo,
    importing.import_file,
    decisions.decide,
    decisions.explain,
    decisions.decision,
    customers.customer,
    customers.timeline,
    customers.preferences,
    customers.unmerge,
    linking.links,
    operations.dead_letters,
    operations.slips,
    operations.resources,
    operations.keys,
    operations.digest,
    operations.replay,
    operations.clock,
    evaluation.run_scenarios,
    evaluation.funnel,
    evaluation.verify,
    run_benches,
):
    main.add_command(command)
