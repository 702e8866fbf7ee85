"""What is measured: each case a command of pacsconf, and the peers whose times it is held against."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks import hospital, listeners, people, policies, studies
from benchmarks.timing import Command
from pacsconf.inventory import uids
from pacsconf.lab import orthanc, slapd
from tests import archive_tree

ROOT = Path(__file__).resolve().parent.parent
PEERS = Path(__file__).resolve().parent / "peers"
PYTHON = sys.executable
PACSCONF = str(Path(PYTHON).with_name("pacsconf"))
OCTODNS = str(ROOT / ".venv" / "bench" / "bin" / "octodns-sync")


@dataclass(frozen=True, slots=True)
class Contest:
    """One comparison: our command against the sum of its peers' times.

    `target` is the ratio that it is to stay within; None where there is none, and a peer only gives a scale. `of`
    is how many objects are looked at, for the time of one. `beside` are commands that are only shown with it, and
    look at as many. `limit` is the most memory it may take, in bytes; `seconds` the most time.
    """

    name: str
    ours: Command
    peers: Sequence[Command]
    target: float | None = None
    of: int = 0
    beside: Sequence[Command] = ()
    limit: int | None = None
    seconds: float | None = None
    rounds: int | None = None
    """How many rounds suffice, where they are not as many as asked for."""


@dataclass(frozen=True, slots=True)
class Case:
    """A contest that is set up when its turn comes."""

    name: str
    about: str
    open: Callable[[Path], Iterator[Contest]] = field(repr=False)

    @contextmanager
    def prepared(self, folder: Path) -> Iterator[Contest]:
        """The contest, everything it needs made in `folder` and gone afterwards."""
        folder.mkdir(parents=True)
        try:
            with contextmanager(self.open)(folder) as contest:
                yield contest
        finally:
            shutil.rmtree(folder, ignore_errors=True)


# --- starting ---------------------------------------------------------------------------------------------


def _start(folder: Path) -> Iterator[Contest]:
    yield Contest(
        "pacsconf --version",
        Command("pacsconf --version", [PACSCONF, "--version"], folder, says="pacsconf"),
        [Command('python -c "import typer"', [PYTHON, "-c", "import typer"], folder)],
        target=1.6,
        rounds=15,
    )


def _example(folder: Path) -> Iterator[Contest]:
    yield Contest(
        "validate the example hospital",
        Command("pacsconf validate", [PACSCONF, "--chdir", str(ROOT), "validate"], folder, says="No errors"),
        [Command("python -c pass", [PYTHON, "-c", "pass"], folder)],
        seconds=0.6,
        rounds=15,
    )


# --- loading ----------------------------------------------------------------------------------------------


def _load_yaml(folder: Path) -> Command:
    return Command("CSafeLoader", [PYTHON, str(PEERS / "load_yaml.py")], folder)


def _validate(devices: int) -> Callable[[Path], Iterator[Contest]]:
    def contest(folder: Path) -> Iterator[Contest]:
        hospital.write_inventory(folder / "hospital", devices, "")
        yield Contest(
            f"validate {devices:,} devices",
            Command("pacsconf validate", [PACSCONF, "validate"], folder / "hospital", says="No errors"),
            [_load_yaml(folder / "hospital")],
            target=1.5,
            of=devices,
        )

    return contest


# --- the directory ----------------------------------------------------------------------------------------


def _plan(devices: int, *, octodns: bool) -> Callable[[Path], Iterator[Contest]]:
    def contest(folder: Path) -> Iterator[Contest]:
        options = slapd.Options(
            tls=False, tree=True, ldif=hospital.ldif(devices), audited=False, megabytes=4096
        )
        entries = devices * hospital.ENTRIES_OF_A_DEVICE + hospital.ENTRIES_ABOVE
        with slapd.started(folder / "slapd", options) as server:
            repository, env = _deployed(folder, devices, server)
            _pacsconf(repository, env, "record", "init").run()
            yield Contest(
                f"no-op plan, {devices:,} devices ({entries:,} entries)",
                _pacsconf(repository, env, "plan", says="No changes."),
                [_search(server, repository), _load_yaml(repository)],
                target=1.5,
                of=entries,
                beside=[_octodns(folder / "octodns", entries)] if octodns else [],
                limit=1 << 30 if devices <= 10_000 else None,
                rounds=None if devices <= 10_000 else 1,
            )

    return contest


def _deployed(folder: Path, devices: int, server: slapd.Slapd) -> tuple[Path, dict[str, str]]:
    """The repository of a hospital on this server, and the environment in which it may be written."""
    repository = folder / "hospital"
    hospital.write_inventory(repository, devices, hospital.of_directory(server))
    return repository, _operator(folder, server.url, server.password)


def _operator(folder: Path, url: str, password: str) -> dict[str, str]:
    """The environment of an operator who may write, with the password where the inventory says it is."""
    file = folder / "operator.toml"
    file.write_text(
        f'[[secret]]\nref = "env:{hospital.PASSWORD}"\nfor = "{url}"\n[environments]\nwrite = ["bench"]\n'
    )
    return {"PACSCONF_CONFIG": str(file), hospital.PASSWORD: password}


def _pacsconf(repository: Path, env: Mapping[str, str], *words: str, says: str = "") -> Command:
    return Command(f"pacsconf {words[0]}", [PACSCONF, "-e", "bench", *words], repository, says=says, env=env)


_SIGNED = ("-x", "-H", "{url}", "-D", "{dn}", "-w", "{password}")


def _signed(server: slapd.Slapd) -> list[str]:
    return [word.format(url=server.url, dn=server.pacsconf_dn, password=server.password) for word in _SIGNED]


def _search(server: slapd.Slapd, folder: Path) -> Command:
    """The same tree, with the attributes that pacsconf asks for."""
    wanted = ["(objectClass=*)", "*", "entryCSN", "creatorsName", "modifiersName", "modifyTimestamp"]
    words = ["ldapsearch", "-LLL", *_signed(server), "-b", f"cn=DICOM Configuration,{server.base}", *wanted]
    return Command("ldapsearch -LLL", words, folder, says="dicomDevicesRoot")


def _octodns(folder: Path, records: int) -> Command:
    """A no-op plan of octoDNS, with the zone in YAML on both sides."""
    zone = "".join(
        f"host-{number:06}: {{type: A, ttl: 3600, value: 10.{number >> 16}.{number >> 8 & 255}.{number & 255}}}\n"
        for number in range(1, records + 1)
    )
    for side in ("source", "target"):
        (folder / side).mkdir(parents=True)
        (folder / side / "hospital.example.yaml").write_text(f"---\n{zone}")
    provider = "{class: octodns.provider.yaml.YamlProvider, default_ttl: 3600, enforce_order: false"
    sides = "".join(f"  {side}: {provider}, directory: {folder / side}}}\n" for side in ("source", "target"))
    zones = "zones:\n  hospital.example.: {sources: [source], targets: [target]}\n"
    (folder / "config.yaml").write_text(f"providers:\n{sides}{zones}")
    words = [OCTODNS, "--config-file", str(folder / "config.yaml")]
    return Command(f"octodns-sync, {records:,} records", words, folder)


def _apply(devices: int, *, synced: bool) -> Callable[[Path], Iterator[Contest]]:
    """Each run begins with an empty directory and an empty record; planning before it is not timed."""

    def contest(folder: Path) -> Iterator[Contest]:
        made = 0
        alone: list[slapd.Slapd] = []
        ldif = folder / "new.ldif"
        ldif.write_text(hospital.ldif(devices).lstrip())

        def fresh() -> slapd.Slapd:
            nonlocal made
            made += 1
            while alone:
                alone.pop().stop()
            options = slapd.Options(tls=False, tree=True, audited=False, megabytes=1024, synced=synced)
            alone.append(slapd.start(folder / str(made) / "slapd", options))
            return alone[0]

        def planned() -> Mapping[str, str]:
            server = fresh()
            repository, env = _deployed(folder / str(made), devices, server)
            _pacsconf(repository, env, "record", "init").run()
            _pacsconf(repository, env, "plan", "--out", "new.plan.json").run()
            return {"repository": str(repository), "config": env["PACSCONF_CONFIG"]} | {
                "password": server.password
            }

        def emptied() -> Mapping[str, str]:
            server = fresh()
            return {"url": server.url, "dn": server.pacsconf_dn, "password": server.password}

        entries = devices * hospital.ENTRIES_OF_A_DEVICE
        set_out = ["env", "PACSCONF_CONFIG={config}", hospital.PASSWORD + "={password}", PACSCONF]
        words = [*set_out, "--chdir", "{repository}", "-e", "bench", "apply", "{repository}/new.plan.json"]
        try:
            yield Contest(
                f"apply {entries:,} new entries{', each synced to the disk' if synced else ''}",
                Command("pacsconf apply", words, folder, says=f"{entries}", before=planned),
                [
                    Command(
                        "ldapmodify -a", ["ldapmodify", "-a", *_SIGNED], folder, stdin=ldif, before=emptied
                    )
                ],
                target=1.2,
                of=entries,
                rounds=None if devices <= 1_000 else 1,
            )
        finally:
            while alone:
                alone.pop().stop()

    return contest


def _adopt(scanners: int) -> Callable[[Path], Iterator[Contest]]:
    """An archive as it is installed, with hundreds of capabilities in its AEs, and scanners beside it."""

    def contest(folder: Path) -> Iterator[Contest]:
        made = 0
        tree = "\n" + archive_tree.text(slapd.BASE).removeprefix("version: 1") + hospital.ldif(scanners)
        entries = tree.count("\ndn:")
        options = slapd.Options(tls=False, ldif=tree, audited=False, megabytes=1024)
        with slapd.started(folder / "slapd", options) as server:
            env = _operator(folder, server.url, server.password)

            def emptied() -> Mapping[str, str]:
                nonlocal made
                made += 1
                fresh = folder / str(made)
                fresh.mkdir()
                return {"fresh": str(fresh)}

            account = ["--url", server.url, "--bind-dn", server.pacsconf_dn]
            secret = ["--password", f"env:{hospital.PASSWORD}", "--owner", "bench"]
            words = [PACSCONF, "--chdir", "{fresh}", "adopt", "ldap", *account, *secret]
            yield Contest(
                f"adopt {entries:,} entries, an archive's among them",
                Command("pacsconf adopt ldap", words, folder, "archive-storage", env, before=emptied),
                [_search(server, folder)],
                of=entries,
            )

    return contest


def _archive(folder: Path) -> Iterator[Contest]:
    """An archive's tree as it is installed, its inventory as it was adopted."""
    tree = "\n" + archive_tree.text(slapd.BASE).removeprefix("version: 1")
    entries = tree.count("\ndn:")
    options = slapd.Options(tls=False, ldif=tree, audited=False)
    with slapd.started(folder / "slapd", options) as server:
        env = _operator(folder, server.url, server.password)
        repository = folder / "archive"
        repository.mkdir()

        def ours(*words: str, says: str = "") -> Command:
            return Command(f"pacsconf {words[0]}", [PACSCONF, *words], repository, says, env)

        account = ["--bind-dn", server.pacsconf_dn, "--password", f"env:{hospital.PASSWORD}"]
        ours("adopt", "ldap", "--url", server.url, *account, "--owner", "bench").run()
        hospital.committed(repository)
        ours("record", "init").run()
        yield Contest(
            f"no-op plan of an archive's tree ({entries:,} entries)",
            ours("plan", says="No changes."),
            [_search(server, repository)],
            of=entries,
            beside=[_load_yaml(repository)],
        )


# --- people -----------------------------------------------------------------------------------------------


def _people(count: int) -> Callable[[Path], Iterator[Contest]]:
    """Everybody's account and memberships, beside a dump of the same entries."""

    def contest(folder: Path) -> Iterator[Contest]:
        with _directory_of_people(folder / "slapd", count) as server:
            repository = folder / "hospital"
            people.write_inventory(repository, count, server)
            env = _operator(folder, server.url, server.password)
            _pacsconf(repository, env, "record", "init").run()
            yield Contest(
                f"no-op plan, {count:,} people with {people.EACH * count:,} memberships",
                _pacsconf(repository, env, "plan", says="No changes."),
                [_dump(server, repository), _load_yaml(repository)],
                target=1.5,
                of=count,
                limit=1 << 30,
            )

    return contest


def _access(count: int, declared: int) -> Callable[[Path], Iterator[Contest]]:
    """Who can do what, of one of them, asked of the directory itself; some of them are declared."""

    def contest(folder: Path) -> Iterator[Contest]:
        with _directory_of_people(folder / "slapd", count) as server:
            repository = folder / "hospital"
            people.write_inventory(repository, declared, server)
            env = _operator(folder, server.url, server.password)
            _pacsconf(repository, env, "record", "init").run()
            somebody = people.login(declared // 2)
            yield Contest(
                f"access of one person among {count:,}, live",
                _pacsconf(repository, env, "access", somebody, "--live", says="accounts/pacs-"),
                peers=[],
                seconds=1.0,
                rounds=10,
            )

    return contest


def _directory_of_people(folder: Path, count: int) -> AbstractContextManager[slapd.Slapd]:
    entries = "".join(people.ldif(count))
    return slapd.started(
        folder,
        slapd.Options(tls=False, ldif=entries, audited=False, megabytes=4096, indexes=people.INDEXES),
    )


def _dump(server: slapd.Slapd, folder: Path) -> Command:
    """All people and groups, with their attributes."""
    words = ["ldapsearch", "-LLL", *_signed(server), "-b", server.base, "(|(uid=*)(member=*))"]
    return Command("ldapsearch -LLL", words, folder, says=people.IN_GROUPS)


# --- Orthanc ----------------------------------------------------------------------------------------------


def _orthanc(modalities: int) -> Callable[[Path], Iterator[Contest]]:
    def contest(folder: Path) -> Iterator[Contest]:
        options = orthanc.Options(
            aet="RESEARCH", modalities=hospital.modalities(modalities), modalities_in_database=False
        )
        with orthanc.started(folder / "orthanc", options) as server:
            repository = folder / "hospital"
            hospital.write_inventory(repository, modalities, hospital.of_orthanc(server))
            env = _operator(folder, server.url, server.password)
            _pacsconf(repository, env, "record", "init").run()
            login = f"{server.user}:{server.password}"
            yield Contest(
                f"no-op plan, Orthanc with {modalities:,} modalities",
                _pacsconf(repository, env, "plan", says="No changes."),
                [
                    Command(
                        "curl + JSON",
                        ["sh", str(PEERS / "fetch_json.sh"), login, server.url, PYTHON],
                        repository,
                    )
                ],
                target=2.0,
                of=modalities,
                beside=[_load_yaml(repository)],
            )

    return contest


# --- the network ------------------------------------------------------------------------------------------


ECHOSCU = "/usr/bin/echoscu"  # by its path: pynetdicom installs a program of that name as well
_XARGS = ("xargs", "-P", "64", "-L", "1")


def _sweep(*options: str) -> Callable[[Path], Iterator[Contest]]:
    """`options` are storescp's: with --fork it starts a process for each association, and is measured itself."""

    def contest(folder: Path) -> Iterator[Contest]:
        with listeners.started(500, folder, options) as network:
            listeners.write_inventory(folder / "network", network, 2, "offers: verification, probe: echo")
            known = folder / "list"
            listeners.write_list(known, network, 2)
            yield Contest(
                " ".join(("echo 1,000 AEs behind 500 listeners", *options)),
                _probe(folder / "network", "1000 healthy"),
                [
                    Command(
                        "xargs -P 64 echoscu",
                        [*_XARGS, ECHOSCU, "-aet", "BENCH", "-aec"],
                        folder,
                        stdin=known,
                    )
                ],
                target=0.25,
                of=1_000,
                beside=[] if options else [_one_by_one("echo.py", known)],
                rounds=1 if options else None,
            )

    return contest


def _sweep_large(folder: Path) -> Iterator[Contest]:
    """What is asked is how much memory it takes."""
    with listeners.started(500, folder) as network:
        listeners.write_inventory(folder / "network", network, 20, "offers: verification, probe: echo")
        yield Contest(
            "echo 10,000 AEs behind 500 listeners",
            _probe(folder / "network", "10000 healthy"),
            peers=[],
            of=10_000,
            limit=256 << 20,
            rounds=1,
        )


_NEWER = tuple(f"1.2.840.10008.5.1.4.1.1.{arc}" for arc in ("6.3", "9.1.4", "11.12"))
"""Storage SOP classes that DCMTK 3.6.7 does not know yet."""


def _contexts(folder: Path) -> Iterator[Contest]:
    classes = [uid for uid in uids.services()["storage"].classes if uid not in _NEWER][:50]
    with listeners.started(50, folder) as network:
        facts = f"offers: [{', '.join(classes)}], probe: contexts"
        listeners.write_inventory(folder / "network", network, 1, facts)
        known = folder / "list"
        listeners.write_list(known, network, 1)
        yield Contest(
            "negotiate 5,000 presentation contexts with 50 AEs",
            _probe(folder / "network", "50 healthy"),
            [_one_by_one("negotiate.py", known, *classes)],
            target=1.0,
            of=5_000,
        )


def _probe(repository: Path, says: str) -> Command:
    return _pacsconf(repository, {}, "probe", "--no-record", says=says)


def _one_by_one(script: str, known: Path, *words: str) -> Command:
    command = [PYTHON, str(PEERS / script), str(known), *words]
    return Command("pynetdicom, one by one", command, known.parent, says="all answered")


# --- retention --------------------------------------------------------------------------------------------


def _retention(folder: Path) -> Iterator[Contest]:
    """Both sides have to come to the same last days."""
    studies.write_rules(folder / "rules")
    made = tuple(studies.studies())
    total = studies.TIMES * studies.last_days(studies.ours(folder / "rules"), made)

    def side(name: str, module: str) -> Command:
        return Command(name, [PYTHON, "-m", module, str(folder / "rules")], ROOT, says=f"sum {total}")

    yield Contest(
        "judge 1,000,000 studies by 30 retention rules",
        side("prepared rules", "benchmarks.studies"),
        [side("plain walk through the rules", "benchmarks.peers.plain_retention")],
        target=0.5,
        of=studies.MADE * studies.TIMES,
        rounds=1,
    )


# --- policies ---------------------------------------------------------------------------------------------


def _policies(folder: Path) -> Iterator[Contest]:
    """Beside CEL alone, which is handed values of which nothing is missing, and makes nothing of what it says."""
    yield Contest(
        "judge 100,000 resources by 50 rules, two processes",
        Command(
            "pacsconf.policy.engine", [PYTHON, "-m", "benchmarks.policies"], ROOT, says="5,000,000 results"
        ),
        [Command("CEL alone", [PYTHON, "-m", "benchmarks.peers.bare_cel"], ROOT, says="5,000,000 results")],
        target=3.0,
        of=policies.MADE * policies.TIMES * policies.RULES,
        rounds=1,
    )


def _audit(folder: Path) -> Iterator[Contest]:
    """The example hospital in the practice lab, applied and probed; a plan reads the same systems beside it."""
    repository, lab = folder / "hospital", folder / "lab"
    git = ["git", "-c", "user.name=Bench", "-c", "user.email=bench@hospital.example"]
    env = {"PACSCONF_LAB_DIR": str(lab), "XDG_CONFIG_HOME": str(folder / "config"), **_IDENTITY}

    def pacsconf(*words: str, says: str = "", ends: int = 0) -> Command:
        options = () if words[0] == "lab" else ("-e", "lab")
        name = f"pacsconf {words[0]}"
        return Command(name, [PACSCONF, *options, *words], repository, says=says, env=env, ends=ends)

    repository.mkdir()
    for part in ("inventory", "policies", "templates"):
        shutil.copytree(ROOT / part, repository / part)
    for words in (["init", "-q"], ["add", "."], ["commit", "-qm", "the example hospital"]):
        Command("git", [*git, *words], repository).run()
    pacsconf("lab", "up").run()
    try:
        plan = str(folder / "plan.json")
        for words in (
            ["record", "init"],
            ["probe"],
            ["plan", "--out", plan],
            ["apply", plan, "--reason", "bench"],
        ):
            pacsconf(*words).run()
        yield Contest(
            "audit the example hospital in the lab",
            pacsconf("audit", "--no-record", says="Coverage", ends=4),
            [pacsconf("plan", says="Plan for lab")],
            of=73,
            rounds=5,
        )
    finally:
        pacsconf("lab", "down").run()


_IDENTITY = {
    f"GIT_{who}_{what}": f"bench@{who.lower()}.example"
    for who in ("AUTHOR", "COMMITTER")
    for what in ("NAME", "EMAIL")
}


CASES: Sequence[Case] = (
    Case("start", "how long until anything is said", _start),
    Case("example", "validate the example hospital", _example),
    Case("validate", "validate 10,000 devices", _validate(10_000)),
    Case("plan-1000", "no-op plan of 1,000 devices in a directory", _plan(1_000, octodns=False)),
    Case("plan-10000", "no-op plan of 10,000 devices, octoDNS beside it", _plan(10_000, octodns=True)),
    Case("apply", "apply 5,000 new entries to a directory", _apply(834, synced=False)),
    Case("apply-synced", "the same, to one that syncs each write to its disk", _apply(834, synced=True)),
    Case("apply-60000", "apply 60,000 new entries to a directory", _apply(10_000, synced=False)),
    Case("adopt", "adopt a directory of 20,000 entries with an archive", _adopt(3_067)),
    Case("plan-archive", "no-op plan of an archive's tree of 1,600 entries", _archive),
    Case("orthanc", "no-op plan of an Orthanc with 5,000 modalities", _orthanc(5_000)),
    Case("retention", "judge 1,000,000 studies by 30 retention rules", _retention),
    Case("policies", "judge 100,000 resources by 50 rules", _policies),
    Case("audit", "audit the example hospital in the practice lab", _audit),
    Case("sweep", "echo 1,000 AEs behind 500 listeners", _sweep()),
    Case("sweep-fork", "the same, where each association starts a process", _sweep("--fork")),
    Case("contexts", "negotiate 5,000 presentation contexts with 50 AEs", _contexts),
    Case("sweep-10000", "echo 10,000 AEs behind 500 listeners: memory", _sweep_large),
    Case("access", "access of one person, from a directory of 100,000", _access(100_000, 1_000)),
    Case("people", "no-op plan of 100,000 people with 300,000 memberships", _people(100_000)),
    # At the end, since what a process needs at most is never told as less than what its parent held.
    Case("plan-50000", "no-op plan of 50,000 devices", _plan(50_000, octodns=False)),
)
