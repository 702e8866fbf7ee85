"""SOP classes, transfer syntaxes and services by the names people use."""

from __future__ import annotations

import subprocess
import sys

import pytest

from pacsconf.inventory import uids

CT = "1.2.840.10008.5.1.4.1.1.2"


@pytest.mark.parametrize(
    "text", ["CTImageStorage", "ct-image-storage", "CT Image Storage", "ct image storage", CT]
)
def test_sop_class_is_known_by_every_name(text):
    assert uids.sop_class(text) == CT


def test_every_keyword_and_kebab_name_leads_to_its_uid():
    for uid, entry in uids.dictionary().items():
        find = uids.sop_class if entry.kind == "SOP class" else uids.transfer_syntax
        assert (find(entry.keyword), find(entry.kebab)) == (uid, uid)


def test_kebab_names_are_unique():
    names = [entry.kebab for entry in uids.dictionary().values()]
    assert sorted(names) == sorted(set(names))


def test_name_shared_with_a_retired_class_means_the_one_in_use():
    assert uids.sop_class("Ultrasound Image Storage") == "1.2.840.10008.5.1.4.1.1.6.1"


@pytest.mark.parametrize(
    ("keyword", "kebab"),
    [
        ("CTImageStorage", "ct-image-storage"),
        (
            "DigitalMammographyXRayImageStorageForPresentation",
            "digital-mammography-x-ray-image-storage-for-presentation",
        ),
        ("XRay3DAngiographicImageStorage", "x-ray-3d-angiographic-image-storage"),
        ("Comprehensive3DSRStorage", "comprehensive-3d-sr-storage"),
        ("JPEG2000Lossless", "jpeg2000-lossless"),
        ("JPEGLosslessSV1", "jpeg-lossless-sv1"),
    ],
)
def test_kebab_case_reads_like_words(keyword, kebab):
    assert uids.kebab(keyword) == kebab


def test_private_uid_is_taken_as_it_is():
    assert uids.sop_class("1.3.12.2.1107.5.9.1") == "1.3.12.2.1107.5.9.1"
    assert uids.label("1.3.12.2.1107.5.9.1") == "1.3.12.2.1107.5.9.1"


def test_uid_of_the_wrong_kind_is_told_what_it_is():
    with pytest.raises(
        ValueError, match="is Implicit VR Little Endian, a transfer syntax; a SOP class belongs here"
    ):
        uids.sop_class(uids.IMPLICIT_VR_LE)


@pytest.mark.parametrize(
    ("find", "text", "near"),
    [
        (uids.sop_class, "ct-imag-storage", "ct-image-storage"),
        (uids.transfer_syntax, "jpeg-loseless", "jpeg-lossless"),
        (uids.sop_classes, "storage-comitment", "storage-commitment"),
        (uids.service, "modality-worklst", "modality-worklist"),
    ],
)
def test_unknown_name_comes_with_the_nearest(find, text, near):
    with pytest.raises(ValueError, match=f'did you mean "{near}"'):
        find(text)


def test_service_stands_for_its_sop_classes():
    assert uids.sop_classes("query-retrieve") == tuple(f"1.2.840.10008.5.1.4.1.2.2.{n}" for n in (1, 2, 3))
    assert uids.sop_classes("worklist") == (uids.MODALITY_WORKLIST,)
    assert uids.sop_classes("CT Image Storage") == (CT,)


def test_storage_is_every_class_in_use_and_no_other_standard():
    classes = uids.services()["storage"].classes
    assert CT in classes
    assert "1.2.840.10008.5.1.4.1.1.6" not in classes  # retired
    assert "1.2.840.10008.5.1.4.1.1.501.1" not in classes  # DICOS
    assert uids.STORAGE_COMMITMENT not in classes


def test_what_is_of_no_patient_is_not_stored_by_the_storage_service():
    classes = {uids.dictionary()[uid].keyword for uid in uids.services()["storage"].classes}
    assert "CTPerformedProcedureProtocolStorage" in classes
    assert not classes & {"CTDefinedProcedureProtocolStorage", "InventoryStorage", "ProtocolApprovalStorage"}


def test_flow_names_a_service_in_one_spelling():
    assert [uids.service(text) for text in ("MPPS", "mwl", "CTImageStorage")] == [
        "mpps",
        "modality-worklist",
        "ct-image-storage",
    ]


def test_flow_of_queries_lets_both_roots_through():
    assert uids.covers("query") == {"1.2.840.10008.5.1.4.1.2.1.1", "1.2.840.10008.5.1.4.1.2.2.1"}
    assert uids.covers("ct-image-storage") == {CT}


def test_loading_an_inventory_imports_neither_pydicom_nor_pynetdicom():
    code = (
        "import sys, pacsconf.inventory.loader as l; from pacsconf.inventory import uids; uids.dictionary();"
        "print([n for n in ('pydicom', 'pynetdicom', 'ldap3', 'git', 'jinja2', 'rich') if n in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
