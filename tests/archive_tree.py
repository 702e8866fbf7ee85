"""The tree that a dcm4chee archive keeps in its directory, made up in any size, as LDIF.

`python -m tests.archive_tree 20000 > big.ldif` writes one. The first 1,600 entries and more are an archive as it
is installed: its own device with eight entities, of which one has over 500 transfer capabilities, and what
administrators add in the first year. Beyond that come stations. It is the same for the same arguments.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from pydicom.datadict import tag_for_keyword

from pacsconf.lab import slapd
from tests import archive_tables as tables
from tests.archive_capabilities import capability, of_entity, storage_classes
from tests.archive_oddities import ENTRIES, oddities
from tests.ldif_text import Entry, Values, entry, escaped, written

ARCHIVE = "dcm4chee-arc"
SECRETS = {"dcmKeyStorePin": "secret", "dcmTrustStorePin": "secret"}
WAYS = frozenset({"base64", "comments", "folded"})
ODDITIES = frozenset({"secrets", *ENTRIES, *WAYS})
"""What may be wished beside the usual: pins and passwords, entries, ways of writing."""


@dataclass
class Archive:
    """One archive's tree at `base`, and what it takes to make it."""

    base: str = slapd.BASE
    size: int = 1600
    oddities: frozenset[str] = frozenset()
    root: str = field(init=False)
    devices: str = field(init=False)
    device: str = field(init=False)

    def __post_init__(self) -> None:
        assert self.oddities <= ODDITIES, self.oddities - ODDITIES
        self.root = f"cn=DICOM Configuration,{self.base}"
        self.devices = f"cn=Devices,{self.root}"
        self.device = self.of(ARCHIVE)

    def of(self, device: str) -> str:
        return f"dicomDeviceName={escaped(device)},{self.devices}"

    def entries(self) -> list[Entry]:
        """All entries, each after the one above it."""
        made = [*self._roots(), *self._beside(), *self._own(), *self._registries()]
        made += oddities(self.devices, f"cn=Unique AE Titles Registry,{self.root}", self.oddities)
        number = 0
        while len(made) < self.size:
            number += 1
            made += self._station(number)
        return made

    # --- the containers and the registries -------------------------------------------------------------------

    def _roots(self) -> Iterator[Entry]:
        yield entry((("cn", "DICOM Configuration"),), self.base, "dicomConfigurationRoot")
        for name, kind in (
            ("Devices", "dicomDevicesRoot"),
            ("Unique AE Titles Registry", "dicomUniqueAETitlesRegistryRoot"),
            ("Unique HL7 Application Names Registry", "hl7UniqueApplicationNamesRegistryRoot"),
            ("Unique Web Application Names Registry", "dcmUniqueWebAppNamesRegistryRoot"),
        ):
            yield entry((("cn", name),), self.root, kind)

    def title(self, title: str) -> Entry:
        """The reservation of an AE title."""
        return entry(
            (("dicomAETitle", title),), f"cn=Unique AE Titles Registry,{self.root}", "dicomUniqueAETitle"
        )

    def _registries(self) -> Iterator[Entry]:
        for title in (*tables.ENTITIES, "STORESCP", "SCHEDULEDSTATION"):
            yield self.title(title)
        above = f"cn=Unique HL7 Application Names Registry,{self.root}"
        yield entry((("hl7ApplicationName", "PACS|HOSPITAL"),), above, "hl7UniqueApplicationName")
        above = f"cn=Unique Web Application Names Registry,{self.root}"
        for name, *_ in (*_web_applications(), ("stowrsd",)):
            yield entry((("dcmWebAppName", name),), above, "dcmUniqueWebAppName")

    # --- the devices beside the archive ----------------------------------------------------------------------

    def _beside(self) -> Iterator[Entry]:
        pins = SECRETS if "secrets" in self.oddities else {}
        yield self._device("stowrsd", dicomPrimaryDeviceType="ARCHIVE")
        yield self._device(
            "keycloak",
            dicomPrimaryDeviceType="AUTH",
            dcmKeyStoreURL="${jboss.server.config.url}/keystores/key.p12",
            dcmKeyStoreType="PKCS12",
            **pins,
        )
        yield self._device("logstash", dicomPrimaryDeviceType="LOG")
        yield self._device("storescp")
        yield self._device("scheduledstation")
        yield self._connection("stowrsd", "http", "18080", dcmProtocol="HTTP")
        yield entry(
            (("dcmWebAppName", "stowrsd"),),
            self.of("stowrsd"),
            "dcmWebApp",
            dcmWebServiceClass="STOW_RS",
            dcmWebServicePath="/stowrs",
            dicomNetworkConnectionReference=f"cn=http,{self.of('stowrsd')}",
        )
        for device, port, tls_port in (("keycloak", None, None), ("logstash", "514", "6514")):
            yield from self._syslog(device, port, tls_port)
        yield self._audit_logger("keycloak")
        yield entry(
            (("cn", "Audit Record Repository"),),
            self.of("logstash"),
            "dcmAuditRecordRepository",
            dicomNetworkConnectionReference=[
                f"cn={name},{self.of('logstash')}" for name in ("syslog", "syslog-tls")
            ],
        )
        for device, title in (("storescp", "STORESCP"), ("scheduledstation", "SCHEDULEDSTATION")):
            yield self._connection(device, "dicom", "104")
            yield self._entity(device, title, ["dicom"], "dcmNetworkAE")
        storescp = f"dicomAETitle=STORESCP,{self.of('storescp')}"
        yield capability(storescp, "Verification SOP Class", "1.2.840.10008.1.1", "SCP", tables.PLAIN[:1])
        for name, uid, _ in storage_classes():
            yield capability(storescp, name, uid, "SCP", tables.PLAIN)

    def _device(self, name: str, classes: str = "dcmDevice", **attributes: Values) -> Entry:
        kinds = f"dicomDevice {classes}"
        return entry((("dicomDeviceName", name),), self.devices, kinds, dicomInstalled="TRUE", **attributes)

    def _connection(self, device: str, name: str, port: str | None, **attributes: Values) -> Entry:
        if port:
            attributes["dicomPort"] = port
        kinds = "dicomNetworkConnection dcmNetworkConnection"
        return entry((("cn", name),), self.of(device), kinds, dicomHostname="localhost", **attributes)

    def _syslog(self, device: str, port: str | None, tls_port: str | None) -> Iterator[Entry]:
        yield self._connection(device, "syslog", port, dcmProtocol="SYSLOG_UDP")
        yield self._connection(
            device,
            "syslog-tls",
            tls_port,
            dcmProtocol="SYSLOG_TLS",
            dicomInstalled="FALSE",
            dicomTLSCipherSuite=["TLS_RSA_WITH_AES_128_CBC_SHA", "SSL_RSA_WITH_3DES_EDE_CBC_SHA"],
        )

    def _audit_logger(self, device: str) -> Entry:
        return entry(
            (("cn", "Audit Logger"),),
            self.of(device),
            "dcmAuditLogger",
            dcmAuditSourceTypeCode="4",
            dcmAuditLoggerSpoolDirectoryURI="${jboss.server.temp.url}",
            dcmAuditRecordRepositoryDeviceReference=self.of("logstash"),
            dicomNetworkConnectionReference=[
                f"cn={name},{self.of(device)}" for name in ("syslog", "syslog-tls")
            ],
        )

    def _entity(
        self, device: str, title: str, connections: list[str], classes: str, **attributes: Values
    ) -> Entry:
        return entry(
            (("dicomAETitle", title),),
            self.of(device),
            f"dicomNetworkAE {classes}",
            dicomAssociationInitiator="TRUE",
            dicomAssociationAcceptor="TRUE",
            dicomNetworkConnectionReference=[f"cn={name},{self.of(device)}" for name in connections],
            **attributes,
        )

    # --- the archive itself ----------------------------------------------------------------------------------

    def _own(self) -> Iterator[Entry]:
        yield self._archive_device()
        yield from self._connections()
        for title, (view, text) in tables.ENTITIES.items():
            more: dict[str, Values] = {"dcmObjectStorageID": "fs1"} if title == "DCM4CHEE" else {}
            if title == "WORKLIST":
                more = {"dcmAcceptedUserRole": ["admin", "user"]}
            yield self._entity(
                ARCHIVE,
                title,
                ["dicom", "dicom-tls"],
                "dcmNetworkAE dcmArchiveNetworkAE",
                dicomDescription=text,
                dcmQueryRetrieveViewID=view,
                **more,
            )
        yield from self._children()
        yield from self._hl7()
        yield from self._web()
        yield from self._ui()
        for title in tables.ENTITIES:
            yield from of_entity(title, f"dicomAETitle={title},{self.device}")

    def _archive_device(self) -> Entry:
        return self._device(
            ARCHIVE,
            "dcmDevice dcmArchiveDevice",
            dicomPrimaryDeviceType="ARCHIVE",
            dicomManufacturer="dcm4che.org",
            dicomManufacturerModelName="dcm4chee-arc",
            dicomSoftwareVersion=["5.34.3", "5.33.1"],
            dcmFuzzyAlgorithmClass="org.dcm4che3.soundex.ESoundex",
            dcmKeyStoreURL="${jboss.server.config.url}/keystores/key.p12",
            dcmKeyStoreType="PKCS12",
            dcmTrustStoreURL="${jboss.server.config.url}/keystores/cacerts.p12",
            dcmBulkDataDescriptorID="default",
            dcmOverwritePolicy="SAME_SOURCE",
            dcmAECacheStaleTimeout="PT5M",
            dcmQidoMaxNumberOfResults="1000",
            dcmSendPendingCGet="TRUE",
            dcmRejectExpiredStudiesPollingInterval="P1D",
            dcmRejectExpiredStudiesFetchSize="10",
            dcmRejectExpiredStudiesAETitle="DCM4CHEE",
            dcmRejectExpiredStudiesSchedule="hour=0-5",
            dcmRejectionNoteStorageAET="DCM4CHEE",
            dcmPurgeStoragePollingInterval="PT5M",
            dcmDeleteRejectedPollingInterval="PT5M",
            dcmTaskPollingInterval="PT1M",
            dcmHideSPSWithStatusFromMWL=["STARTED", "DEPARTED", "CANCELED", "DISCONTINUED", "COMPLETED"],
            hl7PatientUpdateTemplateURI="${jboss.server.temp.url}/dcm4chee-arc/hl7-adt2dcm.xsl",
            **(SECRETS if "secrets" in self.oddities else {}),
        )

    def _connections(self) -> Iterator[Entry]:
        both = {"dcmBindAddress": "0.0.0.0", "dcmClientBindAddress": "0.0.0.0"}
        tls = {
            "dicomTLSCipherSuite": ["TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384", "TLS_RSA_WITH_AES_128_CBC_SHA"]
        }
        ops = {"dcmMaxOpsInvoked": "0", "dcmMaxOpsPerformed": "0"}
        yield self._connection(ARCHIVE, "dicom", "11112", **both, **ops)
        yield self._connection(
            ARCHIVE, "dicom-tls", "2762", **both, **ops, **tls, dcmTLSProtocol=["TLSv1.3", "TLSv1.2"]
        )
        yield self._connection(ARCHIVE, "hl7", "2575", **both, dcmProtocol="HL7")
        yield self._connection(
            ARCHIVE, "hl7-tls", "12575", **both, **tls, dcmProtocol="HL7", dcmTLSNeedClientAuth="FALSE"
        )
        yield self._connection(ARCHIVE, "http", "8080", dcmProtocol="HTTP")
        yield self._connection(ARCHIVE, "https", "8443", **tls, dcmProtocol="HTTP")
        yield from self._syslog(ARCHIVE, None, None)

    def _children(self) -> Iterator[Entry]:
        def named(kind: str, attribute: str, table: Mapping[str, Mapping[str, Values]]) -> Iterator[Entry]:
            for name, values in table.items():
                yield entry(((attribute, name),), self.device, kind, **values)

        yield self._audit_logger(ARCHIVE)
        yield entry(
            (("cn", "Suppress Query from own Archive AE"),),
            f"cn=Audit Logger,{self.device}",
            "dcmAuditSuppressCriteria",
            dcmAuditEventID='(110112, DCM, "Query")',
            dcmAuditUserID="DCM4CHEE",
            dcmAuditUserIsRequestor="TRUE",
        )
        yield from named("dcmStorage", "dcmStorageID", tables.STORAGES)
        yield from named("dcmQueryRetrieveView", "dcmQueryRetrieveViewID", tables.VIEWS)
        yield from named("dcmRejectionNote", "dcmRejectionNoteLabel", tables.NOTES)
        queue = {
            "dcmMaxRetries": "10",
            "dcmRetryDelay": "PT30S",
            "dcmRetryDelayMultiplier": "200",
            "dcmMaxRetryDelay": "PT10M",
            "dcmPurgeQueueMessageCompletedDelay": "P1D",
        }
        queues = {name: {"dicomDescription": text, **queue} for name, text in tables.QUEUES.items()}
        yield from named("dcmQueue", "dcmQueueName", queues)
        for (kind, attribute, name), values in tables.NAMED.items():
            yield entry(((attribute, name),), self.device, kind, **values, **self._secret(kind))
        for (kind, name), values in tables.RULES.items():
            yield entry((("cn", name),), self.device, kind, **values)
        for kind in ("dcmStudyRetentionPolicy", "dcmExportRule", "dcmArchiveCompressionRule"):
            name, values = next(
                (name, values) for (each, name), values in tables.RULES.items() if each == kind
            )
            above = f"dicomAETitle=DCM4CHEE,{self.device}"
            yield entry((("cn", f"{name} of this entity"),), above, kind, **values)
        yield from self._attributes()
        yield from self._codecs()

    def _secret(self, kind: str) -> dict[str, Values]:
        wanted = kind == "dcmKeycloakClient" and "secrets" in self.oddities
        return {"dcmKeycloakClientSecret": "changeit", "userPassword": "changeit"} if wanted else {}

    def _attributes(self) -> Iterator[Entry]:
        for entity in tables.FILTERS:
            policy: dict[str, Values] = (
                {"dcmAttributeUpdatePolicy": tables.UPDATES[entity]} if entity in tables.UPDATES else {}
            )
            yield entry(
                (("dcmEntity", entity),), self.device, "dcmAttributeFilter", dcmTag=tags(entity), **policy
            )
        for number, ((name, kind), (text, of)) in enumerate(tables.SETS.items(), 1):
            yield entry(
                (("dcmAttributeSetID", name), ("dcmAttributeSetType", kind)),
                self.device,
                "dcmAttributeSet",
                dcmAttributeSetTitle=text,
                dcmAttributeSetNumber=str(number),
                dcmTag=tags(*of.split()),
            )

    def _codecs(self) -> Iterator[Entry]:
        for what in ("Reader", "Writer"):
            yield entry((("cn", f"Image {what} Factory"),), self.device, f"dcmImage{what}Factory")
            for uid, (name, java) in tables.CODECS.items():
                yield entry(
                    (("dicomTransferSyntax", uid),),
                    f"cn=Image {what} Factory,{self.device}",
                    f"dcmImage{what}",
                    dcmIIOFormatName=name,
                    dcmJavaClassName=java.replace("Reader", what),
                    **({"dcmImageWriteParam": "compressionQuality=1"} if what == "Writer" else {}),
                )

    def _hl7(self) -> Iterator[Entry]:
        for name, more in (("*", {}), ("PACS|HOSPITAL", {"hl7AcceptedSendingApplication": "RIS|HOSPITAL"})):
            yield entry(
                (("hl7ApplicationName", name),),
                self.device,
                "hl7Application dcmArchiveHL7Application",
                dicomAETitle="DCM4CHEE",
                dicomDescription="Default HL7 Receiver" if name == "*" else "For the RIS",
                hl7AcceptedMessageType=tables.MESSAGES,
                hl7DefaultCharacterSet="8859/1",
                hl7SendingCharacterSet="8859/1",
                dicomNetworkConnectionReference=[f"cn={c},{self.device}" for c in ("hl7", "hl7-tls")],
                **more,
            )
        yield entry(
            (("cn", "Results on"),),
            f"hl7ApplicationName=PACS|HOSPITAL,{self.device}",
            "hl7ForwardRule",
            hl7FwdApplicationName="EHR|HOSPITAL",
        )
        yield entry(
            (("cn", "Default Scheduled Station"),),
            self.device,
            "hl7OrderScheduledStation",
            hl7OrderScheduledStationDeviceReference=self.of("scheduledstation"),
        )
        for status, codes in tables.STATUSES.items():
            yield entry(
                (("dcmSPSStatus", status),), self.device, "hl7OrderSPSStatus", hl7OrderControlStatus=codes
            )

    def _web(self) -> Iterator[Entry]:
        for name, title, classes, path in _web_applications():
            more: dict[str, Values] = (
                {} if title in ("DCM4CHEE", "WORKLIST", "") else {"dcmProperty": "roles=admin"}
            )
            if title:
                more["dicomAETitle"] = title
            yield entry(
                (("dcmWebAppName", name),),
                self.device,
                "dcmWebApp",
                dcmWebServiceClass=classes.split(),
                dcmWebServicePath=path,
                **more,
            )

    def _ui(self) -> Iterator[Entry]:
        yield entry(
            (("dcmuiConfigName", "default"),),
            self.device,
            "dcmuiConfig",
            dcmuiModalities=["CR", "CT", "DX", "MG", "MR", "PT", "US", "XA"],
        )
        above = f"dcmuiConfigName=default,{self.device}"
        for name, action in tables.PERMISSIONS.items():
            yield entry(
                (("dcmuiPermissionName", name),),
                above,
                "dcmuiPermission",
                dcmuiAction=action,
                dcmuiActionParam=["accessible", "visible"],
                dcmAcceptedUserRole=["admin", "user"],
            )
        yield entry(
            (("dcmuiDashboardConfigName", "main"),),
            above,
            "dcmuiDashboardConfig",
            dcmuiQueueName=["Export", "Retrieve"],
        )

    # --- the rest of the hospital ----------------------------------------------------------------------------

    def _station(self, number: int) -> Iterator[Entry]:
        name, title = f"station-{number:05}", f"STATION_{number:05}"
        yield self._device(name, dicomPrimaryDeviceType=("CT", "MR", "US", "DX", "MG")[number % 5])
        yield self._connection(name, "dicom", "104")
        yield self._entity(name, title, ["dicom"], "dcmNetworkAE")
        classes = storage_classes()
        for at in range(2 + number % 4):
            sop_class, uid, syntaxes = classes[(number % 5 * 7 + at) % len(classes)]
            yield capability(f"dicomAETitle={title},{self.of(name)}", sop_class, uid, "SCU", syntaxes)
        yield self.title(title)


def tags(*entities: str) -> list[str]:
    """The attributes of these entities as the archive writes them: eight hexadecimal digits, in order."""
    keywords = " ".join(tables.FILTERS[entity] for entity in entities).split()
    return sorted({f"{tag_for_keyword(keyword):08X}" for keyword in keywords})


def _web_applications() -> Iterator[tuple[str, str, str, str]]:
    """Name, AE title, service classes and path."""
    yield ARCHIVE, "", "DCM4CHEE_ARC", "/dcm4chee-arc"
    for title in tables.ENTITIES:
        path = f"/dcm4chee-arc/aets/{title}"
        if title == "WORKLIST":
            yield title, title, "UPS_RS MWL_RS DCM4CHEE_ARC_AET UPS_MATCHING", f"{path}/rs"
            continue
        more = " STOW_RS UPS_RS MWL_RS" if title == "DCM4CHEE" else ""
        yield title, title, f"WADO_RS QIDO_RS QIDO_COUNT DCM4CHEE_ARC_AET{more}", f"{path}/rs"
        yield f"{title}-WADO", title, "WADO_URI", f"{path}/wado"


def text(base: str = slapd.BASE, size: int = 1600, oddities: Iterable[str] = ()) -> str:
    """The tree as LDIF, with at least `size` entries and these of `ODDITIES`."""
    wished = frozenset(oddities)
    return written(Archive(base, size, wished).entries(), wished & WAYS)


if __name__ == "__main__":
    sys.stdout.write(text(size=int(sys.argv[1]) if sys.argv[1:] else 1600, oddities=sys.argv[2:]))
