"""What an archive says under `vendor: {dcm4chee: ...}` about storing, sending on and deleting: one of each kind."""

from __future__ import annotations

from typing import Any

EXPIRED = '(113039, DCM, "Data Retention Policy Expired")'
QUALITY = '(113001, DCM, "Rejected for Quality Reasons")'


def device() -> dict[str, Any]:
    """Of the device."""
    return {
        "fuzzy_algorithm": "org.dcm4che3.soundex.ESoundex",
        "reject_expired_interval": "PT12H",
        "reject_expired_schedule": "hour=20-6",
        "reject_expired_studies": "10",
        "reject_expired_ae": "ARC",
        "delete_rejected_interval": "PT1H",
        "purge_storage_interval": "PT10M",
        "allow_delete_patient": "NEVER",
        "storages": {
            "fs1": {
                "uri": "file:///storage/fs1/",
                "digest": "MD5",
                "duration": "CACHE",
                "deleter_thresholds": ["50GB", "1[hour=0-6]200GB"],
                "delete_studies_not_used_since": "P1Y",
                "export_storages": "nearline",
                "retrieve_aes": "ARC",
                "check_mount_file": "NO_MOUNT",
                "properties": ["a=b"],
            },
            "nearline": {"uri": "file:///storage/nearline/", "availability": "NEARLINE"},
        },
        "query_views": {"regular": {"show_rejected": [QUALITY], "hide_notes": QUALITY}},
        "rejection_notes": {
            "Expired": {
                "code": EXPIRED,
                "type": "DATA_RETENTION_POLICY_EXPIRED",
                "delete_rejected_delay": "P30D",
                "overwrite_previous": QUALITY,
            },
            "Quality": {"code": QUALITY, "type": "REJECTED_FOR_QUALITY_REASONS", "accept_previous": "IGNORE"},
        },
        "exporters": {
            "nearline": {
                "uri": "storage:nearline",
                "queue": "Export1",
                "ae": "ARC",
                "schedule": "hour=0-6 dayOfWeek=1-6",
            }
        },
        "export_rules": {
            "all": {
                "entity": "Study",
                "exporters": "nearline",
                "conditions": "Modality=CT|MR",
                "delay": "PT1M",
            }
        },
        "export_priors_rules": {"two": {"exporters": "nearline", "select": "priors=2&StudyAge=-5Y"}},
        "mpps_forward_rules": {"ris": {"destinations": "RIS"}},
        "rs_forward_rules": {"other": {"web_app": "OTHER", "operations": ["RejectStudy"]}},
        "compression_rules": {
            "CT": {
                "transfer_syntaxes": "1.2.840.10008.1.2.4.90",
                "priority": "3",
                "conditions": ["Modality=CT", "SendingApplicationEntityTitle!=XX"],
                "delay": "P1D",
            }
        },
        "coercions": {
            "ward": {
                "service": "C_STORE_RQ",
                "role": "SCU",
                "uri": "merge-attrs:",
                "merge": "InstitutionName=A",
            }
        },
        "old_coercions": {"trim": {"service": "C_STORE_RQ", "role": "SCU", "nullify": "00104000"}},
        "store_access_rules": {"vip": {"ids": "VIP", "conditions": "InstitutionalDepartmentName=VIP"}},
        "change_access_rules": {"later": {"ae": "ARC", "delay": "P30D", "ids": "ALL", "ids_before": "NEW"}},
        "retention_policies": {
            "MG": {"period": "P10Y", "priority": "2", "conditions": "Modality=MG", "from_study_date": "true"}
        },
        "hl7_export_rules": {
            "orders": {"exporters": "nearline", "conditions": "MSH-9=ORM\\^O01", "select": "priors=1"}
        },
        "prefetch_rules": {
            "prefetch": {
                "ae": "ARC",
                "queue": "Retrieve1",
                "find_at": "OLD",
                "move_from": "OLD",
                "destinations": "ARC",
                "conditions": "MSH-4=HOSP",
                "in_advance": "P1D",
            }
        },
        "hl7_retention_policies": {
            "dead": {"ae": "ARC", "period": "P1Y", "max_period": "P30Y", "conditions": "MSH-9=ADT\\^A03"}
        },
    }


def entity() -> dict[str, Any]:
    """Of its AE title."""
    return {
        "object_storages": "fs1",
        "allow_delete_study": "REJECTED",
        "retention_policies": {"default": {"period": "P30Y", "from_study_date": "true"}},
        "export_rules": {"series": {"entity": "Series", "exporters": "nearline"}},
        "coercions": {"out": {"service": "C_FIND_RSP", "role": "SCU", "uri": "xslt:out.xsl"}},
    }
