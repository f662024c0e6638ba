"""The class that all screens but dialogs are made from."""

from lambdatui.screens.base.export import ExportScreen
from lambdatui.screens.base.filter import FilteredScreen
from lambdatui.screens.base.navigate import NavigatingScreen


class CommandScreen(FilteredScreen, ExportScreen, NavigatingScreen):
    """Header, body, notice, filter line and keys; exports, and ways to other screens.

    Nothing here reads the store on the thread that paints.
    """
