"""Compare nnfast with other libraries, and with what this machine can do at most.

``python benches/compare.py`` measures everything; ``--quick`` the most important in a minute. Cases
are chosen by their names, as ``--list`` shows them: ``train``, ``predict/784*``, ``growth/width``.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Sequence
from fnmatch import fnmatchcase
from pathlib import Path

from comparison import cases, contenders, machine, processors, report
from comparison.runs import Comparison, Result


def arguments(given: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument(
        "cases", nargs="*", help="names of cases or of groups, with * and ?; all by default"
    )
    parser.add_argument("--list", action="store_true", help="print the names of the cases, and end")
    parser.add_argument(
        "--quick", action="store_true", help="fewer cases and shorter turns: under a minute in all"
    )
    parser.add_argument("--rounds", type=positive, help="turns of each (default: 9, quick: 3)")
    parser.add_argument(
        "--threads", type=positive, metavar="N", help="keep everyone to N processors (Linux)"
    )
    parser.add_argument(
        "--peer", action="append", metavar="NAME", help="only this one, as 'JAX*'; may be repeated"
    )
    parser.add_argument("--alone", action="store_true", help="no peers")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write everything measured")
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="write the tables")
    parser.add_argument("--pictures", type=Path, metavar="FOLDER", help="draw the pictures")
    return parser.parse_args(given)


def positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"must be an integer of at least 1, got {text!r}")
    return int(text)


# After so many seconds a quick run begins no further case, so that its minute holds on a busy
# machine too.
QUICK_SECONDS = 45.0


def main(given: Sequence[str] | None = None) -> int:
    options = arguments(given)
    if options.threads:
        processors.keep_to(options.threads)
    chosen = cases.chosen(options.cases, options.quick)
    if not chosen:
        print(f"No case fits {' '.join(options.cases)}; --list shows their names.", file=sys.stderr)
        return 1
    if options.list:
        print(*(case.name for case in chosen), sep="\n")
        return 0
    taking_part, absent = present([] if options.alone else options.peer)
    for name, reason in absent.items():
        say(f"without {name}: {reason}")
    say("measuring the machine")
    limits = machine.measure()
    results = measured(chosen, taking_part, limits, options)
    text = report.markdown(results, limits)
    print(text)
    if options.markdown:
        options.markdown.write_text(text, encoding="utf-8")
    if options.json:
        content = report.as_json(results, limits) | {"absent": absent}
        options.json.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    if options.pictures:
        from comparison import pictures

        for path in pictures.draw(results, options.pictures):
            say(f"drew {path}")
    return 0


def present(
    patterns: Sequence[str] | None,
) -> tuple[list[contenders.Contender], dict[str, str]]:
    """Return who can take part, of those asked for, and why others cannot."""
    patterns = ["*"] if patterns is None else patterns
    wanted = [
        contender
        for contender in contenders.ALL
        if contender.peer == "nnfast" or any(fnmatchcase(contender.name, each) for each in patterns)
    ]
    absent = {each.name: reason for each in wanted if (reason := each.missing())}
    return [each for each in wanted if each.name not in absent], absent


def measured(
    chosen: Sequence[cases.Case],
    taking_part: Sequence[contenders.Contender],
    limits: machine.Machine,
    options: argparse.Namespace,
) -> list[Result]:
    rounds = options.rounds or (3 if options.quick else 9)
    seconds = 0.02 if options.quick else 0.2
    results = []
    with Comparison(
        taking_part, limits, rounds=rounds, seconds=seconds, quick=options.quick
    ) as comparison:
        start = time.perf_counter()
        for number, case in enumerate(chosen, 1):
            begin = time.perf_counter()
            if options.quick and begin - start > QUICK_SECONDS:
                names = ", ".join(each.name for each in chosen[number - 1 :])
                say(f"left out, as the minute is over: {names}")
                break
            results.append(comparison.run(case))
            took = time.perf_counter() - begin
            say(f"[{number}/{len(chosen)}] {case.name}: {summary(results[-1])} ({took:.1f} s)")
    return results


def summary(result: Result) -> str:
    ours = result.median(contenders.OURS)
    words = "not measured" if ours is None else report.duration(ours)
    return words if result.best is None else f"{words}, {report.best_peer(result)}"


def say(sentence: str) -> None:
    """Tell how far it is; what was measured alone goes to the standard output."""
    print(sentence, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
