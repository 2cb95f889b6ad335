import sys, random, time
sys.path.insert(0,'.')
import tests.ledger.test_ledger_newest as t
from tuttu.ledger import newest
for n,v in (("FIRST",3),("MORE",1),("PAGE",3)): setattr(newest,n,v)
def steps(r):
    n=r.randint(4,32)
    return [t.Step(r.choice(t.HAPPENINGS), r.choice([r.randint(0,4320),r.randint(0,180)]), r.choice(["maija","maija","maija",*t.PEOPLE]), r.choice(["tv","tv",*t.ACTIONS]), r.choice(["web","panel","email","email"]), r.choice(t.ITEMS), r.randint(-1,12)) for _ in range(n)]
def bad(s,m,o):
    try: t._require_alike(t._folded([*t._bodies(s,in_order=o)]), t.PROJECT, m); return False
    except AssertionError: return True
seed=int(sys.argv[1]); limit=float(sys.argv[2]); start=time.time(); n=0
r=random.Random(seed)
while time.time()-start<limit:
    n+=1; s=steps(r); m=[r.randint(0,8640) for _ in range(3)]; o=r.random()<.5
    if bad(s,m,o):
        m=next([x] for x in m if bad(s,[x],o))
        changed=True
        while changed:
            changed=False
            for i in range(len(s)):
                c=s[:i]+s[i+1:]
                if bad(c,m,o): s=c; changed=True; break
        print("FOUND after",n,"o",o,"m",m); [print("   ",x) for x in s]; break
else: print("none in",n)
