from prometheus_client import generate_latest

from services.ingest.metrics import Flow


def test_flow_is_counted_under_stable_names() -> None:
    flow = Flow()
    flow.bytes, flow.tags, flow.bad_tags, flow.rung_bytes = 7, 2, 1, 9
    samples = {sample.name: sample.value for family in flow.collect() for sample in family.samples}
    assert samples == {
        "weir_ingest_bytes_total": 7,
        "weir_ingest_tags_total": 2,
        "weir_ingest_bad_tags_total": 1,
        "weir_ingest_rung_bytes_total": 9,
    }


def test_every_metric_is_exposed() -> None:
    text = generate_latest().decode()
    for name in ("publishers", "sessions", "bytes_total", "tags_total", "refusals_total"):
        assert f"weir_ingest_{name}" in text
