"""Invoking functions of the local runner, from any screen of functions."""

from lambdatui.screens.base.navigate import NavigatingScreen


class InvokingScreen(NavigatingScreen):
    """A screen of functions. Those of the local runner can be invoked; a function in AWS never is."""

    def can_invoke(self) -> bool:
        """Whether the function under the cursor is one of the running local runner."""
        function, runner = self.subject(), self.session.runner
        return function is not None and runner is not None and function[0] in runner.ids

    def invoke(self) -> None:
        """Asks for a payload, and opens the invocation that it made."""
        from lambdatui.screens.dialogs.invoke import InvokeScreen
        from lambdatui.session.destinations import ToInvocation

        function, runner = self.subject(), self.session.runner
        if function is None or runner is None or not self.can_invoke():
            return
        name, payloads = function[1], self.session.payloads

        def open_invocation(request_id: str | None) -> None:
            if request_id:
                self.navigator.open(ToInvocation(request_id=request_id, name=name, awaited=True))

        self.app.push_screen(InvokeScreen(runner, name, payloads.get(name, "{}"), payloads), open_invocation)
