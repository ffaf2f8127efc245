"""The command that looks through a network."""

import json

from click.testing import CliRunner

from geo.cli.main import main


def test_the_shipped_network_is_looked_through():
    told = CliRunner().invoke(main, ["network", "mongolia", "--json"])
    assert told.exit_code == 0, told.output
    found = json.loads(told.stdout)
    assert found["places"] >= 87
    checks = {one["check"] for one in found["findings"]}
    assert {"assumed", "parts"} <= checks
    says = [one["says"] for one in found["findings"]]
    assert any("is assumed" in text for text in says)
    text = CliRunner().invoke(main, ["network", "mongolia"]).stdout
    assert text.strip().endswith(f"{found['links']} links, {len(says)} findings")


def test_a_recipe_without_transport_is_refused(tmp_path):
    from small_world import small_world

    told = CliRunner().invoke(main, ["network", str(small_world(tmp_path))])
    assert told.exit_code != 0
    assert "[transport]" in told.output
    assert "Traceback" not in told.output
