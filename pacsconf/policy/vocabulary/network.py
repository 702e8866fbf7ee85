"""Devices, application entities, flows and feeds."""

from __future__ import annotations

from typing import Annotated, NotRequired, TypedDict


class Member(TypedDict):
    """One end of a flow, or somebody who is related."""

    device: Annotated[str, "name of the device"]
    title: Annotated[str, "AE title"]
    site: Annotated[str, "name of its site; empty for none"]
    zone: Annotated[str, "its network zone; empty for none"]
    lifecycle: Annotated[str, "planned, commissioning, active, retiring or retired"]
    type: Annotated[str, "type of the device"]


class Device(TypedDict):
    """A device as PS3.15 H.1.1.2 has it, and what is known beyond that."""

    name: Annotated[str, "the key it is declared under"]
    type: Annotated[str, "modality, archive, workstation, router …"]
    modality: Annotated[list[str], "codes as in (0008,0060)"]
    lifecycle: Annotated[str, "planned, commissioning, active, retiring or retired"]
    external: Annotated[bool, "a partner outside"]
    zone: Annotated[str, "its network zone: its own, else its site's; empty for none"]
    owner: Annotated[str, "who answers for it; empty for nobody"]
    clinical_lead: Annotated[str, "who answers for its clinical use; empty for nobody"]
    contact: Annotated[str, "whom to call for service; empty for nobody"]
    location: Annotated[str, "where it stands; empty where that is not said"]
    criticality: Annotated[str, "high, medium or low; empty where that is not said"]
    manufacturer: Annotated[str, "empty where that is not said"]
    model: Annotated[str, "empty where that is not said"]
    software_versions: Annotated[list[str], "as declared"]
    titles: Annotated[list[str], "its AE titles"]
    hosts: Annotated[list[str], "hosts of its connections"]
    addressing: Annotated[list[str], "how its connections get their addresses: static, reservation, dns"]
    literal_hosts: Annotated[list[str], "hosts that are IP addresses"]
    operating_system: Annotated[str, "empty where that is not said"]
    support_days: NotRequired[
        Annotated[int, "days until the first end of support (system or vendor); negative: past"]
    ]
    compensating_controls: Annotated[list[str], "what makes up for missing support, as declared"]
    documents: Annotated[list[str], "documents on file: mds2, conformance-statement"]
    time_source: Annotated[str, "where it gets its time; empty where that is not said"]
    audit_to: Annotated[list[str], "audit record repositories it is declared to send to"]
    audit_transports: Annotated[list[str], "how: tls or udp"]
    flows_out: Annotated[list[str], "flows in which it calls"]
    flows_in: Annotated[list[str], "flows in which it is called"]
    stores_to: Annotated[
        list[str], "archives, and routers and gateways before them, it may store to by a flow"
    ]
    worklist_required: Annotated[bool, "it uses the modality worklist service"]
    worklist_from: Annotated[str, "DEVICE/AE_TITLE it gets its worklist from; empty for none"]
    worklist_station: Annotated[str, "the station AE title it asks for; empty for none"]
    worklist_modality: Annotated[str, "the modality it asks for; empty for any"]
    commits: Annotated[bool, "it uses storage commitment"]
    commitment_works: Annotated[bool, "declared so that its requests are answered (flow, and a way back)"]
    deletes_locally: NotRequired[
        Annotated[bool, "whether it deletes its own copies once they are stored; absent: nobody said"]
    ]
    accepted: NotRequired[
        Annotated[bool, "an acceptance run is recorded and signed by two; absent: the record is not known"]
    ]
    accepted_version: NotRequired[Annotated[str, "the software version that was accepted"]]
    previous_lifecycle: NotRequired[
        Annotated[str, "the lifecycle it had in the commit before its last; absent: not known"]
    ]
    unacknowledged: Annotated[list[str], "findings of other checks about it, by rule, that nobody accepted"]


class DeviceConfigured(TypedDict, total=False):
    """What live systems hold of a device."""

    held_by: Annotated[list[str], "systems that hold it"]
    trusted_by: Annotated[list[str], "systems and lists that still let it in"]
    differs: Annotated[bool, "what a system holds differs from what is declared"]
    changed_outside: Annotated[bool, "somebody changed it outside pacsconf"]
    audit_to: Annotated[list[str], "audit record repositories, as its live configuration names them"]


class DeviceObserved(TypedDict, total=False):
    """What was seen of a device on the wire."""

    answers: Annotated[bool, "one of its AE titles answered"]
    days_since: Annotated[int, "days since it last answered"]
    software: Annotated[list[str], "implementation version names and class UIDs it told"]
    software_changed: Annotated[bool, "none of its AEs calls itself what it did at its acceptance"]
    clock_skew_seconds: Annotated[
        int, "how far the clock of the system that it is was from ours, in seconds, without sign"
    ]


class AE(TypedDict):
    """An application entity (PS3.15 H.1.1.4)."""

    title: Annotated[str, "its AE title"]
    device: Annotated[str, "name of its device"]
    type: Annotated[str, "type of the device"]
    lifecycle: Annotated[str, "of the device"]
    external: Annotated[bool, "of a partner outside"]
    zone: Annotated[str, "network zone of the device; empty for none"]
    domain: Annotated[str, "the domain within which AE titles are unique"]
    acceptor: Annotated[bool, "it takes associations"]
    initiator: Annotated[bool, "it opens associations"]
    expected: Annotated[str, "always, intermittent, or hours"]
    probe: Annotated[str, "how it may be asked: none, tcp, echo, contexts, services"]
    ports: Annotated[list[int], "ports where it listens"]
    plain_ports: Annotated[list[int], "those without TLS"]
    tls_ports: Annotated[list[int], "those with TLS"]
    tls: Annotated[bool, "it listens with TLS, and nowhere without"]
    accepts: Annotated[str, "declared, any, or patterns"]
    answers_to: Annotated[list[str], "aliases"]
    same_title: Annotated[list[str], "other devices of its domain with this title, unless shared on purpose"]
    like_title: Annotated[list[str], "other titles of its domain that differ by capital letters only"]
    same_address: Annotated[list[str], "AEs of other devices with one of its hosts and ports"]
    services_called: Annotated[list[str], "services that flows let others ask of it"]
    services_calling: Annotated[list[str], "services that flows let it ask of others"]
    callers: Annotated[list[str], "AE titles that flows let call it"]
    offers_query: Annotated[bool, "it answers queries (C-FIND, C-MOVE or C-GET as SCP)"]
    offers_storage: Annotated[bool, "it stores (C-STORE as SCP)"]
    mutual_tls: Annotated[bool, "security asks it for a client certificate of who calls"]
    flows_in: Annotated[list[str], "flows in which it is called"]
    flows_out: Annotated[list[str], "flows in which it calls"]


class AEConfigured(TypedDict, total=False):
    """What live systems hold of an AE: its own configuration where a system holds that, and lists of others."""

    held: Annotated[bool, "a directory, or an archive that was read, holds it: as its own title or as a peer"]
    any_caller: Annotated[bool, "its own configuration takes any calling AE title"]
    accepted_callers: Annotated[list[str], "calling AE titles its own configuration takes"]
    callers_beyond: Annotated[list[str], "accepted callers that neither a flow nor a list of peers declares"]
    callers_missing: Annotated[list[str], "callers that flows declare and its configuration does not take"]
    checks_called: Annotated[bool, "its own configuration checks the called AE title"]
    binds_hosts: Annotated[bool, "its own configuration ties calling AE titles to hosts"]
    stranger_echo: Annotated[bool, "its own configuration answers an echo of anybody"]
    stranger_store: Annotated[bool, "its own configuration stores for anybody"]
    stranger_query: Annotated[bool, "its own configuration answers queries of anybody"]
    tls: Annotated[bool, "its own configuration speaks TLS, and nothing else"]
    client_certificate: Annotated[bool, "its own configuration demands a client certificate"]
    same_title: Annotated[list[str], "other live devices or peers with this title at another address"]
    trusted_by: Annotated[list[str], "lists of peers or callers that name it"]
    rights_beyond: Annotated[list[str], "SYSTEM: RIGHT that a peer table gives it and no flow asks for"]
    move_beyond: Annotated[
        list[str], "destinations it may send to that neither a flow nor a list of peers declares"
    ]


class AEObserved(TypedDict, total=False):
    """What was seen of an AE on the wire."""

    answers: Annotated[bool, "it answered as it should, when it was last asked"]
    days_since: Annotated[int, "days since it last answered"]
    any_caller: Annotated[bool, "an association under a title that nobody has was accepted"]
    stranger_echo: Annotated[
        bool, "a stranger's echo was answered; false also where no association was given"
    ]
    stranger_store: Annotated[bool, "a stranger could store; false also where no association was given"]
    stranger_query: Annotated[bool, "a stranger could query; false also where no association was given"]
    any_called: Annotated[bool, "it answered to a title that is not its own"]
    tls: Annotated[bool, "the port speaks TLS"]
    plain: Annotated[bool, "the port speaks DICOM without TLS"]
    tls_version: Annotated[str, "as negotiated: 1.2, 1.3"]
    old_tls: Annotated[list[str], "versions below 1.2 that it accepted"]
    weak_ciphers: Annotated[list[str], "weak cipher suites that it accepted"]
    client_certificate: Annotated[bool, "it demands a client certificate"]
    certificate_days: Annotated[int, "days until its certificate ends; negative: past"]
    certificate_problem: Annotated[str, "what is wrong with its certificate; empty for nothing"]
    refused_classes: Annotated[list[str], "declared SOP classes that were not accepted"]
    refused_syntaxes: Annotated[list[str], "declared transfer syntaxes that were not accepted"]
    software: Annotated[list[str], "implementation version name and class UID"]


class Flow(TypedDict):
    """Who may talk to whom, for what: one flow as it is declared, with what it comes to."""

    name: Annotated[str, "the key it is declared under"]
    services: Annotated[list[str], "what may be asked"]
    callers: Annotated[list[Member], "AEs that call"]
    called: Annotated[list[Member], "AEs that are called"]
    crosses_sites: Annotated[bool, "some pair is of two sites"]
    crosses_zones: Annotated[bool, "some pair is of two zones"]
    crossings: Annotated[list[str], "FROM → TO of zones that it crosses, each once"]
    leaves: Annotated[bool, "one end is a partner outside"]
    encrypted: Annotated[bool, "every called AE listens with TLS alone"]
    plain_called: Annotated[list[str], "called AEs that listen without TLS"]
    through_gateway: Annotated[bool, "one end of every pair that crosses zones is a gateway or router"]
    retiring: Annotated[list[str], "devices of it that are retiring or retired"]
    commissioning: Annotated[list[str], "callers that are planned or commissioning"]
    production: Annotated[list[str], "called AEs of active archives, those for tests aside"]
    no_common_class: Annotated[list[str], "pairs that have no SOP class in common for a service (reach)"]
    no_common_syntax: Annotated[list[str], "pairs and SOP classes without a common transfer syntax (reach)"]
    lossy_only: Annotated[
        list[str], "pairs and SOP classes whose every common transfer syntax loses something"
    ]
    tls_required: Annotated[bool, "security.tls.require_for asks for TLS on it"]
    patient_data: Annotated[bool, "more than an echo may be asked, so that data of patients may travel"]


class FlowConfigured(TypedDict, total=False):
    """What live systems hold of the called AEs of a flow."""

    plain_called: Annotated[list[str], "called AEs whose live configuration listens without TLS"]
    refused: Annotated[list[str], "callers that a called system would not let in"]


class FlowObserved(TypedDict, total=False):
    """What was seen of the called AEs of a flow."""

    plain_called: Annotated[list[str], "called AEs that answered without TLS"]
    refused_classes: Annotated[list[str], "TITLE: SOP class of this flow that was not accepted"]
    refused_syntaxes: Annotated[list[str], "TITLE: SOP class for which no transfer syntax was accepted"]


class Feed(TypedDict):
    """An HL7 feed."""

    name: Annotated[str, "the key it is declared under"]
    sender: Annotated[str, "DEVICE/APPLICATION"]
    receivers: Annotated[list[str], "DEVICE/APPLICATION of each"]
    messages: Annotated[list[str], "types of messages"]
    encrypted: Annotated[bool, "every receiver listens with TLS alone"]
    crosses_sites: Annotated[bool, "sender and a receiver are of two sites"]
    crosses_zones: Annotated[bool, "sender and a receiver are of two zones"]


class FeedConfigured(TypedDict, total=False):
    """What live systems hold of a feed's receivers."""

    any_sender: Annotated[bool, "the configuration of one of them takes messages of any sender"]


class FeedObserved(TypedDict, total=False):
    """What was seen of a feed's receiver."""

    answers: Annotated[bool, "it acknowledged, when it was last asked"]
