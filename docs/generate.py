"""What the site holds beside the pages in this folder: made from the program itself, or included from the repository.

A hook of mkdocs (``mkdocs.yml``). Commands get a page each. In other pages ``<!-- generated: NAME ... -->`` is replaced
by what ``sections.SECTIONS`` makes of it. Documents that lie elsewhere in the repository, such as SECURITY.md, are
pages too; links that leave this folder go to those pages, and to the screenshots.

``python docs/generate.py FOLDER`` writes the same pages into a folder, without mkdocs.
"""

import posixpath
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from command_reference import all_commands
from sections import SECTIONS, command_page

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import Files
    from mkdocs.structure.pages import Page

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"

INCLUDED = {
    "RELIABILITY.md": "reliability.md",
    "SECURITY.md": "security.md",
    "GLOSSARY.md": "glossary.md",
    "CHANGELOG.md": "changelog.md",
    "CONTRIBUTING.md": "contributing.md",
    "benchmarks/README.md": "benchmarks.md",
}
"""Documents of the repository, and the pages that they are on the site."""

_MARKER = re.compile(r"<!-- generated: ([a-z-]+)(?: ([\w ./-]+))? -->")
_LINK = re.compile(r"(!?\[[^\]]*\]\()([^)\s#]*)((?:#[^)\s]*)?\))")


class NoSuchPage(ValueError):
    """A link goes to a file of the repository that is no page of the site."""


def pages() -> dict[str, str]:
    """Every page that is not a file in this folder, by its name on the site, as Markdown."""
    made = {site: with_site_links(source, (ROOT / source).read_text("utf-8")) for source, site in INCLUDED.items()}
    made |= {f"commands/{command.name}.md": command_page(command) for command in all_commands()}
    return made


def written_pages() -> dict[str, str]:
    """The Markdown files in this folder, with what is generated in them."""
    return {
        (name := path.relative_to(DOCS).as_posix()): complete(name, path.read_text("utf-8"))
        for path in sorted(DOCS.rglob("*.md"))
    }


def complete(name: str, markdown: str) -> str:
    """A page of this folder with its generated sections, and with links as the site has them."""

    def made(marker: re.Match[str]) -> str:
        words = (marker[2] or "").split()
        return readme_section(*words) if marker[1] == "readme" else SECTIONS[marker[1]](*words)

    return with_site_links(f"docs/{name}", _MARKER.sub(made, markdown))


def with_site_links(source: str, markdown: str) -> str:
    """``markdown`` of the repository's file ``source``, whose links go to pages of the site. Raises ``NoSuchPage``."""
    page = INCLUDED.get(source, source.removeprefix("docs/"))

    def rewritten(link: re.Match[str]) -> str:
        target = link[2]
        if not target or re.match(r"[a-z]+:", target):
            return link[0]
        return f"{link[1]}{posixpath.relpath(_on_site(source, target), posixpath.dirname(page) or '.')}{link[3]}"

    return _LINK.sub(rewritten, markdown)


def _on_site(source: str, target: str) -> str:
    path = posixpath.normpath(posixpath.join(posixpath.dirname(source), target))
    if path in INCLUDED:
        return INCLUDED[path]
    if path.startswith("docs/"):
        return path.removeprefix("docs/")
    if path.startswith("screenshots/"):
        return path
    raise NoSuchPage(f"{source} links to {target}, which is no page of the site: see INCLUDED in docs/generate.py")


def readme_section(*heading: str) -> str:
    """What the README has beneath a heading, as a page in this folder would say it. Raises ``NoSuchPage``."""
    text = (ROOT / "README.md").read_text("utf-8").partition(f"\n## {' '.join(heading)}\n")[2].partition("\n## ")[0]
    if not text:
        raise NoSuchPage(f"README.md has nothing beneath '## {' '.join(heading)}'")
    return _LINK.sub(lambda link: f"{link[1]}../{link[2]}{link[3]}" if ":" not in link[2] else link[0], text.strip())


def on_config(config: "MkDocsConfig") -> "MkDocsConfig":
    """Put every command beneath the entry "Commands" of the navigation."""
    for entry in config.nav or []:
        if isinstance(entry, dict) and "Commands" in entry:
            entry["Commands"] += [f"commands/{command.name}.md" for command in all_commands()]
    return config


def on_files(files: "Files", config: "MkDocsConfig") -> "Files":
    """Add the generated and included pages, and the screenshots."""
    from mkdocs.structure.files import File

    for name, markdown in pages().items():
        files.append(File.generated(config, name, content=markdown))
    for picture in sorted((ROOT / "screenshots").glob("*.png")):
        files.append(File(f"screenshots/{picture.name}", str(ROOT), config.site_dir, config.use_directory_urls))
    return files


def on_page_markdown(markdown: str, page: "Page", config: "MkDocsConfig", files: "Files") -> str:
    """Complete the pages that are files in this folder."""
    return markdown if page.file.generated_by else complete(page.file.src_uri, markdown)


def main(folder: Path) -> None:
    """Write every page of the site as Markdown."""
    for name, markdown in (pages() | written_pages()).items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(markdown, "utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
