-- The stage that refuses each client (a row of the CSV) first, for each action and treatment; NULL
-- if none does, up to the contact limits. Written by hand from what the bank wants, not from its
-- policy files.
--
-- `bank` is the CSV as it is: unknown is a word here, and a client of whom it is said cannot pass a
-- condition that needs to know. pdays = 999 means never, and is beyond every time. "Within n days"
-- includes a call exactly n days ago, in conditions on the client and in contact limits alike; a rest
-- after an answer is over when exactly n days have passed.
SELECT client, 'term-deposit' AS action, treatment, CASE
    WHEN age < 18 OR "default" <> 'no' THEN 'eligibility'
    WHEN campaign >= 5 OR euribor3m >= 4.96 THEN 'applicability'
    WHEN loan <> 'no' THEN 'suitability'
    WHEN treatment = 'email' THEN 'consent'
    WHEN poutcome = 'failure' AND pdays < 14 THEN 'suppressions'
    WHEN poutcome = 'success' AND pdays < 5 THEN 'suppressions'
    WHEN pdays <= 3 OR (treatment = 'call' AND pdays <= 7) THEN 'contact_limits'
END AS stage
FROM bank, (SELECT unnest(['web', 'email', 'call']) AS treatment)

UNION ALL
SELECT client, 'pension-savings', treatment, CASE
    WHEN age < 25 OR age > 60 THEN 'eligibility'
    WHEN job IN ('student', 'retired', 'unemployed', 'unknown') THEN 'eligibility'
    WHEN previous = 0 AND marital <> 'married' THEN 'applicability'
    WHEN NOT (housing = 'no' OR loan = 'no') THEN 'suitability'
    WHEN education IN ('illiterate', 'basic.4y', 'unknown') THEN 'suitability'
    WHEN poutcome = 'success' AND pdays < 5 THEN 'suppressions'
    WHEN pdays <= 3 OR (treatment = 'call' AND pdays <= 7) THEN 'contact_limits'
END
FROM bank, (SELECT unnest(['web', 'letter', 'call']) AS treatment)

UNION ALL
SELECT client, 'savings-plan', treatment, CASE
    WHEN age < 18 THEN 'eligibility'
    WHEN marital NOT IN ('married', 'divorced') THEN 'applicability'
    WHEN month = 'jul' OR month = 'aug' THEN 'applicability'
    WHEN "default" <> 'no' OR loan <> 'no' THEN 'suitability'
    WHEN poutcome = 'success' AND pdays < 5 THEN 'suppressions'
    WHEN pdays <= 3 THEN 'contact_limits'
END
FROM bank, (SELECT unnest(['web', 'letter']) AS treatment)

UNION ALL
SELECT client, 'mortgage', treatment, CASE
    WHEN age < 21 OR age > 55 OR "default" <> 'no' THEN 'eligibility'
    WHEN housing <> 'no' OR euribor3m >= 1.5 THEN 'applicability'
    WHEN job NOT IN ('admin.', 'management', 'technician', 'blue-collar', 'services')
        THEN 'suitability'
    WHEN "emp.var.rate" <= -3 OR loan <> 'no' THEN 'suitability'
    WHEN pdays <= 3 OR (treatment = 'call' AND pdays <= 7) THEN 'contact_limits'
END
FROM bank, (SELECT unnest(['web', 'call']) AS treatment)

UNION ALL
SELECT client, 'refinance', treatment, CASE
    WHEN housing <> 'yes' OR "default" <> 'no' THEN 'eligibility'
    WHEN euribor3m >= 4 OR pdays <= 5 THEN 'applicability'
    WHEN age > 62 OR loan <> 'no' THEN 'suitability'
    WHEN treatment = 'email' THEN 'consent'
    WHEN treatment = 'call' AND pdays <= 7 THEN 'contact_limits'
END
FROM bank, (SELECT unnest(['email', 'letter', 'call']) AS treatment)

UNION ALL
SELECT client, 'credit-card', treatment, CASE
    WHEN age < 18 OR "default" <> 'no' THEN 'eligibility'
    WHEN contact <> 'cellular' THEN 'applicability'
    WHEN job IN ('student', 'retired', 'unemployed', 'unknown') THEN 'suitability'
    WHEN loan <> 'no' AND education <> 'university.degree' THEN 'suitability'
    WHEN treatment = 'email' THEN 'consent'
    WHEN pdays <= 3 OR (treatment = 'call' AND pdays <= 7) THEN 'contact_limits'
END
FROM bank, (SELECT unnest(['web', 'email', 'call']) AS treatment)

UNION ALL
SELECT client, 'student-account', treatment, CASE
    WHEN age < 18 OR age > 30 THEN 'eligibility'
    WHEN job <> 'student' THEN 'applicability'
    WHEN pdays <= 3 THEN 'contact_limits'
END
FROM bank, (SELECT unnest(['web', 'letter']) AS treatment)

UNION ALL
SELECT client, 'senior-account', treatment, CASE
    WHEN job <> 'retired' AND age < 60 THEN 'eligibility'
    WHEN contact = 'cellular' THEN 'applicability'
    WHEN campaign + previous > 4 THEN 'suitability'
    WHEN pdays <= 3 OR (treatment = 'call' AND pdays <= 7) THEN 'contact_limits'
END
FROM bank, (SELECT unnest(['letter', 'call']) AS treatment)

UNION ALL
SELECT client, 'deposit-renewal', treatment, CASE
    WHEN poutcome <> 'success' OR pdays > 365 THEN 'eligibility'
    WHEN pdays <= 2 THEN 'applicability'
    WHEN "default" <> 'no' THEN 'suitability'
    WHEN pdays <= 3 OR (treatment = 'call' AND pdays <= 7) THEN 'contact_limits'
END
FROM bank, (SELECT unnest(['web', 'call']) AS treatment)

UNION ALL
SELECT client, 'win-back', treatment, CASE
    WHEN poutcome <> 'failure' OR pdays > 90 OR previous < 1 THEN 'eligibility'
    WHEN pdays <= 7 THEN 'applicability'
    WHEN campaign > 3 THEN 'suitability'
    WHEN treatment = 'email' THEN 'consent'
END
FROM bank, (SELECT unnest(['email', 'letter']) AS treatment)

UNION ALL
SELECT client, 'advice-call', treatment, CASE
    WHEN NOT ("default" = 'yes' OR (housing = 'yes' AND loan = 'yes')) THEN 'eligibility'
    WHEN euribor3m < 4 THEN 'applicability'
    WHEN job IN ('retired', 'unknown') THEN 'suitability'
END
FROM bank, (SELECT unnest(['call', 'letter']) AS treatment)

UNION ALL
SELECT client, 'ebanking-onboarding', treatment, CASE
    WHEN contact <> 'cellular' THEN 'eligibility'
    WHEN age >= 70 THEN 'applicability'
    WHEN education IN ('illiterate', 'unknown') THEN 'suitability'
END
FROM bank, (SELECT unnest(['web', 'email']) AS treatment)
