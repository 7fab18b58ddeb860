"""Forms of the console: what they refuse, and what they send."""

from typing import Any

from tests.unit.services.gateway.console.calls import call

RECORDING = "console/stream/recording-draft.ts"
TENANT = "console/tenants/tenant-draft.ts"


def _recording(**parts: Any) -> dict[str, Any]:
    draft: dict[str, Any] = call(RECORDING, "draftOf", {"item": {}})
    return draft | parts


def test_wrong_number_of_what_is_switched_off_is_neither_a_fault_nor_sent() -> None:
    for draft, faults in (
        (_recording(hasVideo=True, videoSeconds="often"), ["videoSeconds"]),
        (_recording(hasVideo=False, videoSeconds="often"), []),
        (_recording(hasMotion=False, motionPercent="0"), []),
        (_recording(hasMotion=True, motionPercent="0"), ["motionPercent"]),
    ):
        assert call(RECORDING, "faultsOf", draft) == faults
    sent = call(RECORDING, "itemOf", _recording(hasVideo=False, videoSeconds="often"))
    assert sent["isVideo"] is False
    assert "video_time" not in sent
    on = call(RECORDING, "itemOf", _recording(hasVideo=True, videoSeconds="12"))
    assert (on["isVideo"], on["video_time"]) == (True, 12)


def test_each_quota_that_is_shown_is_taken() -> None:
    for size in (1, 100, 5_000_000_000, 123_456_789_012, 2_000_000_000_000_000):
        draft = call(TENANT, "quotaDraft", {"storage_bytes": size})
        assert call(TENANT, "quotaFaults", draft) == []
        assert call(TENANT, "quotasOf", draft)["storage_bytes"] == size
    assert call(TENANT, "quotaDraft", {"storage_bytes": 5_000_000_000})["storage_bytes"] == "5"
    assert call(TENANT, "quotaDraft", {"storage_bytes": 0})["storage_bytes"] == "0"
    assert call(TENANT, "quotaFaults", draft | {"storage_bytes": "much"}) == ["storage_bytes"]
