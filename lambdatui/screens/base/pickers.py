"""Lists of profiles, accounts and regions: the choice limits what is shown and what a collection from here reads."""

import os
from dataclasses import dataclass, replace
from glob import escape
from typing import TYPE_CHECKING, Any, Protocol

from lambdatui.screens.dialogs.prompt import PickScreen
from lambdatui.session.queries import QueryContext
from lambdatui.settings.aws_profiles import Profile, profiles

if TYPE_CHECKING:
    from lambdatui.session.session import Session

ALL_ACCOUNTS, ALL_REGIONS = "all accounts", "all regions"


@dataclass(frozen=True, slots=True)
class Places:
    """What can be chosen: accounts and regions of the store, AWS profiles, and all regions that AWS has."""

    accounts: tuple[str, ...]
    regions: tuple[str, ...]
    profiles: tuple[Profile, ...]
    all_regions: tuple[str, ...]


class PlaceChoosingScreen(Protocol):
    """What the lists need of the screen that they open over."""

    session: "Session"

    @property
    def app(self) -> Any:
        """The Textual application."""

    def say(self, text: str) -> None:
        """Shows ``text`` in the notice."""

    def ask_rows(self) -> None:
        """Asks the store again, now for the chosen place."""


def read_places(query: QueryContext) -> Places:
    """Reads what can be chosen from the store and the AWS command line's files; call it in a thread."""
    keys = [row.function.key for row in query.reader.functions()]
    return Places(
        tuple(sorted({key.account for key in keys} - {""})),
        tuple(sorted({key.region for key in keys} - {""})),
        tuple(profiles(os.environ)),
        query.book.codes,
    )


def pick_account(screen: PlaceChoosingScreen, known: Places) -> None:
    """Asks for a profile, the one in use marked, or for an account of the store."""
    session = screen.session
    choices: dict[str, Profile | str | None] = {ALL_ACCOUNTS: None}
    chosen = ALL_ACCOUNTS
    for profile in known.profiles:
        account = session.account_of(profile.name) or profile.account
        mark = " (in use)" if profile.name == session.profile else ""
        label = "  ".join(filter(None, (f"profile {profile.name}", account, profile.region))) + mark
        choices[label] = replace(profile, account=account)
        chosen = label if mark else chosen
    for account in known.accounts:
        choices[f"account {account}"] = account
        if session.scope.accounts == (escape(account),) and chosen == ALL_ACCOUNTS:
            chosen = f"account {account}"
    if len(choices) == 1:
        screen.say("no account is known here: the logs in this store do not say, and there is no AWS profile")
        return

    def take(label: str | None) -> None:
        if label is None:
            return
        choice = choices[label]
        if isinstance(choice, Profile):
            _use(screen, choice, known)
        else:
            session.scope = replace(session.scope, accounts=(escape(choice),) if choice else ())
        screen.ask_rows()

    screen.app.push_screen(PickScreen("Which profile or account?", list(choices), chosen), take)


def _use(screen: PlaceChoosingScreen, profile: Profile, known: Places) -> None:
    """Has collections and live tails from here use the profile; limits what is shown to its account, if stored."""
    session = screen.session
    session.profile = profile.name
    if profile.account:
        session.learn_account(profile.name, profile.account)
    stored = profile.account in known.accounts
    session.scope = replace(session.scope, accounts=(escape(profile.account),) if stored else ())
    here = f"account {profile.account} is looked at" if stored else "nothing of its account is in this store yet"
    screen.say(f"profile {profile.name} is in use: {here}; C and s collect with it")


def pick_region(screen: PlaceChoosingScreen, known: Places) -> None:
    """Asks for a region: those of the store, then the others of AWS, which can be collected from."""
    session = screen.session
    own = {profile.region for profile in known.profiles if profile.name == session.profile} - {""} - set(known.regions)
    others = [*sorted(own), *(code for code in known.all_regions if code not in own and code not in known.regions)]
    choices = {ALL_REGIONS: ""} | {code: code for code in known.regions}
    choices |= {f"{code}  (nothing here yet)": code for code in others}
    now = session.scope.regions[:1]
    chosen = next((label for label, code in choices.items() if now and escape(code) == now[0]), ALL_REGIONS)

    def take(label: str | None) -> None:
        if label is None:
            return
        code = choices[label]
        session.scope = replace(session.scope, regions=(escape(code),) if code else ())
        if code in others:
            screen.say(f"nothing of {code} is in this store yet: C and s collect it")
        screen.ask_rows()

    screen.app.push_screen(PickScreen("Which region?", list(choices), chosen), take)
