import importlib.util
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
_SPEC = importlib.util.spec_from_file_location("docs_generate", ROOT / "docs" / "generate.py")
generate = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(generate)


@pytest.mark.parametrize("name", sorted(generate.PAGES))
def test_generated_pages_are_up_to_date(name):
    assert (ROOT / "docs" / name).read_text("utf-8") == generate.PAGES[name](), "run `make docs`"


def test_links_between_pages_lead_somewhere():
    for page in [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *ROOT.glob("docs/**/*.md")]:
        # A template becomes a page one folder higher.
        folder = page.parent.parent if page.parent.name == "templates" else page.parent
        for link in re.findall(r"\]\(([^)#:]+?)(?:#[^)]*)?\)", page.read_text("utf-8")):
            assert (folder / link).exists(), f"{page.name} links to {link}"


def test_every_command_and_option_has_a_help_text():
    for context in generate._contexts(generate.commands, "lodemap", None):
        assert context.command.help
        for option in context.command.params:
            if option.param_type_name == "option":
                assert option.help, f"{context.command_path}: {option.name}"
