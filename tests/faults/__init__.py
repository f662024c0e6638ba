"""What is broken on purpose: inputs, disks, files under those who read them, signals at any moment, cut reads.

    python -m pytest tests/faults                                                        # two minutes of CPU
    LAMBDATUI_FAULTS_SECONDS=7200 LAMBDATUI_FAULTS_SEED=7 python -m pytest tests/faults --timeout 0

``LAMBDATUI_FAULTS_SECONDS`` is about how much CPU time all of them may take together (120 as CI runs them); those that choose by
chance get more rounds in proportion. ``LAMBDATUI_FAULTS_SEED`` says which: the same seed and seconds, the same inputs and
moments. ``python tests/faults/damage.py`` breaks stores alone, for all of the time; it and every test take both from
``budget.py``.
"""
