#!/usr/bin/env python3
"""Writes tune.tsv and report.tsv from secrets.shapes, none.shapes and sampled.tsv; same input, same bytes out.

A shape is a text with slots. `<<pw.snake>>` is a name of the kind pw, key or tok in a style; `<<V>>` the value
that goes with the last name's kind, or with the kind that it names (`<<V:pw>>`); `<<W>>` one that needs no quotes,
`<<U>>` one for a URL, `<<B>>` user and password in base64; `<<T:...>>` a template as it stands; `<<host>>` and the
like are fillers. Values are templates of src/rules/template.rs, so a brace outside them is doubled.
"""

import csv
import random
import re
from pathlib import Path

HERE = Path(__file__).parent
COLUMNS = ["split", "category", "file", "label", "text", "secret"]
SECRETS, NONES = 1380, 480
SLOT = re.compile(r"<<(T:.*?|[A-Za-z]+(?:[.:][A-Za-z0-9]+)?)>>")

NAMES = {
    "pw": """password|passwd|pwd|pass|db password|db passwd|db pass|db pwd|database password|smtp pass|smtp password
        mail password|admin password|admin pwd|root password|mysql root password|mysql password|postgres password
        pg pass|redis password|ldap bind password|bind passwd|keystore password|trust store password|key password
        ssh passphrase|passphrase|user password|user pwd|ftp pass|ftp password|proxy password|rabbitmq default pass
        service account password|login password|wifi password|sudo pass|vnc password|sa password|default password
        test password|backup passphrase|cert password|pfx password|broker password|es password|elastic password
        jdbc password|sftp pwd|imap passwd|mongo password|portal password|jenkins pass|app password|master password""",
    "key": """secret key|api key|app key|encryption key|signing key|hmac key|access key|account key|jwt secret
        client secret|app secret|shared secret|consumer secret|webhook secret|session secret|cookie secret
        secret key base|master key|storage key|aes key|service key|auth key|secret|crypt key|jwt signing key|api secret
        oauth client secret|token secret|payment api key|maps api key|mail api key|partner key|hash key|csrf secret
        private api key|gateway secret|sso secret|license server key|weather api key|upload key|callback secret""",
    "tok": """token|auth token|access token|api token|bearer token|refresh token|deploy token|bot token|registry token
        personal access token|session token|service token|admin token|user token|ci token|agent token|push token
        metrics token|release token|x auth token|id token secret|sync token|probe token|cluster token|runner token""",
}

STYLES = {
    "snake": "_".join,
    "UPPER": lambda words: "_".join(words).upper(),
    "camel": lambda words: words[0] + "".join(map(str.capitalize, words[1:])),
    "Pascal": lambda words: "".join(map(str.capitalize, words)),
    "kebab": "-".join,
    "dot": ".".join,
    "flat": "".join,
    "words": " ".join,
    "Words": lambda words: " ".join(words).capitalize(),
    "Header": lambda words: "-".join(map(str.capitalize, words if words[0] == "x" else ["x", *words])),
}

FILLERS = {
    "host": """db.nordlicht.io mail.kestrel.dev 10.20.4.17 git.ferrum.net intranet.velo.ch sql01.corp.local
        api.brightleaf.co queue.internal db-primary.svc shop.mistral-bikes.fr 172.18.3.9 vault7.lan ci.tinkerlab.org""",
    "user": "mweber deploy app_rw svc_backup jenkins olga reporter webadmin tkhan etl shopuser monitor pi ldapbind",
    "db": "orders inventory crm billing metrics users_prod wiki shop telemetry",
    "svc": "billing mailer gateway ledger courier catalog beacon harbor atlas orchard",
    "port": "8080 9000 8443 4000 7071 15672",
    "Word": "Falcon Juniper Attic Workshop Lagoon",
}

WORDS = """
tulip walnut kestrel gravel sommer winter frosch lantern copper saturn bandit velvet marble pepper oliver natalie
otter badger mango thunder glacier maverick phoenix tornado cactus biscuit noodle pirate rocket wizard bamboo
cobalt granit herbst kaffee wolke berlin madrid lisboa kyoto tromso dragon puma jaguar falcon raven delfin
guitar violin trompete pizza burrito espresso mojito whisky hockey soccer tennis cricket marathon everest
amelie sandra thomas miguel yasmin priya dmitri fatima chloe hannah jonas pancho bella rex luna simba
schnecke papillon girasol montagne verano estrella caracol azul rouge verde neptun jupiter quasar photon
anvil bramble cinder dapple ember fjord gazelle hazel indigo jigsaw kettle lemur magnet nectar onyx
""".split()

LEET = str.maketrans({"a": "4", "e": "3", "o": "0", "i": "1", "s": "5"})

MACHINE = """hex:16 hex:24 hex:32 hex:32 hex:40 hex:48 hex:64 uphex:32 base62:16 base62:20 base62:22 base62:24 base62:32
    base62:36 base62:40 base62:48 alnum:8 alnum:10 alnum:12 alnum:16 alnum:20 alnum:24 alnum:32 alnum:40 upalnum:16 upalnum:20
    base32:16 base32:26 base32:32 base64url:32 base64url:43 canonical-base64:16 canonical-base64:24
    canonical-base64:32 canonical-base64:48 canonical-base64:30,url-bare uuid uuid""".split()

SHORT_MACHINE = """base62:8 base62:10 base62:12 base62:14 base62:16 alnum:8 alnum:10 alnum:12 alnum:14 hex:16 base62:20 base62:24 hex:32
    base64url:16 canonical-base64:12 canonical-base64:18""".split()

URL_MACHINE = "base62:16 base62:24 hex:32 alnum:20 hex:40 base64url:32 base62:12 uuid".split()

MARKS = {"V": "!#*+@=_-.?!!@#", "W": "_-.+!.-_", "U": "-_.~!"}


class Choice:
    """Draws for one half: a fifth of every pool is kept for each half alone, so the other half never saw it."""

    def __init__(self, split, seed):
        self.random = random.Random(seed)
        self.other = 1 if split == "tune" else 0

    def pick(self, pool):
        return self.random.choice([entry for at, entry in enumerate(pool) if at % 5 != self.other])

    def word(self):
        return self.pick(WORDS)

    def number(self, low, high):
        return "{digits:%d}" % self.random.randint(low, high)

    def human(self, marks):
        """A password as people make them; `marks` are the signs that the place allows."""
        word, other, mark = self.word(), self.word(), self.random.choice(marks)
        title, random_ = str.capitalize, self.random
        forms = [
            lambda: title(word) + self.number(2, 4),
            lambda: title(word) + self.number(2, 4) + mark,
            lambda: word + self.number(2, 4),
            lambda: title(word) + mark + self.number(2, 4),
            lambda: title(word) + title(other) + self.number(1, 3),
            lambda: word.translate(LEET) + self.number(1, 2) + mark,
            lambda: title(word.translate(LEET)) + mark + "{lower:2}",
            lambda: "-".join([word, other, self.word()]) + "-" + self.number(1, 2),
            lambda: "_".join([title(word), other]) + self.number(1, 3),
            lambda: mark + title(word) + self.number(2, 3) + "{lower:1}",
            lambda: word[:4] + "{alnum:2}" + title(other)[:4] + mark,
            lambda: "{lower:%d}" % random_.randint(3, 6) + self.number(2, 4),
            lambda: "{upper:1}{lower:%d}" % random_.randint(3, 5) + self.number(2, 3) + mark,
            lambda: self.random.choice(["admin", "root", "pass", "web", "super", "login"]) + "{[3-9]:4}",
            lambda: "{upper:1}" + word[:3] + mark + "{alnum:3}" + mark + "{digits:2}",
            lambda: title(word) + "{[12]:1}0{[012]:1}{digits:1}" + random_.choice(["", mark]),
        ]
        return random_.choice(forms)()

    def symbols(self, marks):
        signs = "".join(sorted(set(marks) - set("-^]"))) + "-"
        return "{base62:2}{[A-Za-z0-9%s]:%d}{alnum:1}" % (signs, self.random.randint(6, 18))

    def machine(self, kind, marks):
        pool = SHORT_MACHINE if kind == "pw" else MACHINE
        if marks == MARKS["U"]:
            pool = URL_MACHINE
        form = self.pick(pool)
        if self.random.random() < (0.25 if kind == "pw" else 0.06):
            return self.symbols(marks)
        return "{%s}" % form

    def value(self, kind, marks):
        likely_human = {"pw": 0.68, "key": 0.08, "tok": 0.03}[kind]
        if self.random.random() < likely_human:
            return self.human(marks)
        return self.machine(kind, marks)


def shapes(path):
    """The shapes of a file as (category, files, text)."""
    for block in re.split(r"\n(?=@)", path.read_text().strip() + "\n"):
        head, _, text = block.partition("\n")
        category, files = head[1:].split(" ", 1)
        yield category, files.split("|"), text.rstrip("\n")


def fill(text, choice):
    """The text with its slots filled, and the secret's template (empty where there is none)."""
    kept, kind, secret = {}, None, ""

    def written(slot):
        nonlocal kind, secret
        if slot.startswith("T:"):
            return slot[2:]
        if slot in kept:
            return kept[slot]
        base, style = (re.split("[.:]", slot) + [""])[:2]
        if base in NAMES:
            kind = base
            if base not in kept:
                pool = [entry.strip() for entry in re.split(r"[|\n]", NAMES[base])]
                kept[base] = choice.pick(pool).split()
            return kept.setdefault(slot, STYLES[style](kept[base]))
        if base in FILLERS:
            return kept.setdefault(slot, choice.random.choice(FILLERS[base].split()))
        if base == "B":
            secret = "{basic-auth}"
        elif style == "b64":
            secret = "{canonical-base64:%s}" % choice.random.choice(["32", "64"])
        else:
            secret = choice.value(style or kind, MARKS[base])
        return secret

    parts, end = [], 0
    for slot in SLOT.finditer(text):
        parts.append(text[end : slot.start()].replace("{", "{{").replace("}", "}}"))
        parts.append(written(slot[1]))
        end = slot.end()
    parts.append(text[end:].replace("{", "{{").replace("}", "}}"))
    return "".join(parts), secret


def escape(text):
    return text.replace("\\", "\\\\").replace("\n", "\\n").replace("\t", "\\t")


def generated(path, label, wanted):
    """The cases of a file of shapes. Shapes alternate between the halves, so none stands in both."""
    every = list(shapes(path))
    cases = set()
    for at, (category, files, text) in enumerate(every):
        split = "tune" if at % 2 == 0 else "report"
        turns = wanted * (at + 1) // len(every) - wanted * at // len(every)
        for turn in range(turns if "<<" in text else 1):
            filled, secret = fill(text, Choice(split, f"{path.name} {at} {turn}"))
            cases.add((split, category, files[turn % len(files)], label, escape(filled), secret))
    return cases


def sampled(path):
    """Real lines, which stand here as they are but for the repository's name."""
    with path.open(newline="") as file:
        rows = csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
        next(rows)
        return {(split, *case) for split, _, *case in rows}


def main():
    cases = generated(HERE / "secrets.shapes", "secret", SECRETS)
    cases |= generated(HERE / "none.shapes", "none", NONES)
    cases |= sampled(HERE / "sampled.tsv")
    for split in ("tune", "report"):
        lines = ["\t".join(COLUMNS), *sorted("\t".join(case) for case in cases if case[0] == split)]
        (HERE / f"{split}.tsv").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
