"""The thirty days of the demo's shop before its real processes begin. They are simulated, and said to be.

``calendar`` says when what happens, ``shop_load`` how each function behaves; ``hours``, ``log_events``, ``points`` and
``configuration`` make of it what CloudWatch would give, and ``source`` gives it, as any source of a collection does.
"""
