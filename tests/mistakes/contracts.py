"""Known-wrong answers of chapter 06."""

from tests.mistakes import mistake

CHECK = "check_transition"
COMPARE = "allowed = (values >= rule.low) & (values <= rule.high)"
NOT_ARRAY = '        if not isinstance(values, np.ndarray):\n            raise ContractError(transition.step, None, field, f"a {type(values).__name__}", rule)\n'

MISTAKES = [
    mistake(CHECK, "NaN passes", "you asked whether a value is out of range, and NaN never is: every comparison with it is False. Ask whether it is in range.", (COMPARE, "allowed = ~((values < rule.low) | (values > rule.high))")),
    mistake(CHECK, "counted among the truncated", "the rows of `final_obs` that count were picked first and the environments counted among them only: the error names another one.", ("        if rule.low is None:", '        if field == "final_obs":\n            values = values[transition.truncations]\n        if rule.low is None:'), ('        if field == "final_obs":\n            allowed[~transition.truncations] = True\n', "")),
    mistake(CHECK, "one pair of bounds", "bounds that are arrays were reduced to their lowest and highest number: each entry of an observation has its own.", (COMPARE, "allowed = (values >= np.min(rule.low)) & (values <= np.max(rule.high))")),
    mistake(CHECK, "forms first", "the dtypes and shapes of all fields were checked before the entries of any: the first field that is wrong is to be named.", ("    for field, rule in contract.rules.items():\n", '    for field, rule in contract.rules.items():\n        values = getattr(transition, field)\n        if not isinstance(values, np.ndarray) or values.dtype != rule.dtype or values.shape != rule.shape:\n            raise ContractError(transition.step, None, field, "wrong", rule)\n    for field, rule in contract.rules.items():\n')),
    mistake(CHECK, "a dtype that fits", "a smaller dtype were good enough: the rule names one, and it has to be that.", ("values.dtype != rule.dtype", "not np.can_cast(values.dtype, rule.dtype)")),
    mistake(CHECK, "first environment only", "only the first environment were looked at.", (COMPARE, COMPARE + "\n        allowed[1:] = True")),
    mistake(CHECK, "last environment only", "the last environment that is wrong were named instead of the first.", ("np.argwhere(~allowed)[0]", "np.argwhere(~allowed)[-1]")),
    mistake(CHECK, "final_obs never", "`final_obs` were never looked at.", ("        if rule.low is None:", '        if rule.low is None or field == "final_obs":')),
    mistake(CHECK, "final_obs everywhere", "`final_obs` were looked at where the step did not truncate: those rows may hold anything.", ('        if field == "final_obs":\n            allowed[~transition.truncations] = True\n', "")),
    mistake(CHECK, "final_obs where terminated", "`final_obs` were looked at wherever an episode ended: only where it was truncated does its row count.", ("allowed[~transition.truncations]", "allowed[~(transition.truncations | transition.terminations)]")),
    mistake(CHECK, "one action too many", "the upper bound were taken as one past the last: it is itself allowed, and nothing above it.", ("(values <= rule.high)", "(values <= rule.high + (values.dtype == np.int64))")),
    mistake(CHECK, "the bounds are not allowed", "the bounds themselves were refused: they are allowed.", (COMPARE, "allowed = (values > rule.low) & (values < rule.high)")),
    mistake(CHECK, "no lower bound", "only the upper bound counted.", (COMPARE, "allowed = values <= rule.high")),
    mistake(CHECK, "size of the value", "the size of a value without its sign were compared: the bounds need not lie evenly round 0.", (COMPARE, "allowed = np.abs(values) <= rule.high")),
    mistake(CHECK, "finite only", "a value only had to be finite: it has to lie between the bounds too.", (COMPARE, "allowed = np.isfinite(values)")),
    mistake(CHECK, "finite floats first", "np.isfinite were asked about every field, whatever it holds.", ("        if values.dtype != rule.dtype", "        np.isfinite(values)\n        if values.dtype != rule.dtype")),
    mistake(CHECK, "no dtype", "the dtype were not compared.", ("values.dtype != rule.dtype or ", "")),
    mistake(CHECK, "casts", "another dtype were cast silently: what has the wrong dtype is wrong.", ("        if values.dtype != rule.dtype or", "        values = values.astype(rule.dtype)\n        if")),
    mistake(CHECK, "integer flags", "flags that are integers passed: True is not 1 when you come to `~flags`.", ("values.dtype != rule.dtype", "(values.dtype != rule.dtype and not (rule.dtype == bool and values.dtype.kind in 'iu'))")),
    mistake(CHECK, "the kind of the dtype", "all floats were taken for one dtype: float64 is not float32.", ("values.dtype != rule.dtype", "values.dtype.kind != rule.dtype.kind")),
    mistake(CHECK, "no shape", "the shape were not compared.", (" or values.shape != rule.shape", "")),
    mistake(CHECK, "the number of rows only", "only the number of rows were compared, not the whole shape.", ("values.shape != rule.shape", "len(values) != rule.shape[0]")),
    mistake(CHECK, "the shape of a row only", "only the shape of one row were compared: a row too few or too many has to be noticed.", ("values.shape != rule.shape", "values.shape[1:] != rule.shape[1:]")),
    mistake(CHECK, "any sequence", "what is no array were made one first.", (NOT_ARRAY, ""), ("values = getattr(transition, field)", "values = np.asarray(getattr(transition, field))"), ("values.dtype != rule.dtype", "(values.dtype != rule.dtype and not isinstance(getattr(transition, field), list))")),
    mistake(CHECK, "environment 0 for the whole array", "environment 0 were named where the whole array is wrong: there it is None.", ("transition.step, None, field, f\"{values", "transition.step, 0, field, f\"{values")),
    mistake(CHECK, "does not name the environment", "the environment were never named: give the error the row of the wrong value.", ("int(index[0]), field", "None, field")),
    mistake(CHECK, "the entry for the environment", "the place in the row were named instead of the row: the environment is the first index.", ("int(index[0])", "int(index[-1])")),
    mistake(CHECK, "the whole row seen", "the error said nothing of the value that is wrong.", ("values[index], rule", '"not allowed", rule')),
    mistake(CHECK, "no step", "the step were never named.", ("transition.step", "None")),
    mistake(CHECK, "returns None", "nothing were returned.", ("    return transition", "")),
    mistake(CHECK, "returns True", "a verdict were returned instead of the transition.", ("    return transition", "    return True")),
    mistake(CHECK, "returns False", "a wrong transition were answered with a value instead of an error.", ("raise ContractError(transition.step, int(index[0]), field, values[index], rule)", "return None")),
    mistake(CHECK, "mends NaN", "NaN were replaced by 0 in the transition itself.", (COMPARE, "values[np.isnan(values)] = 0\n        " + COMPARE)),
    mistake(CHECK, "clips", "values were clipped to their bounds instead of being refused.", (COMPARE, "values = np.clip(values, rule.low, rule.high)\n        " + COMPARE)),
    mistake(CHECK, "wipes final_obs", "the rows of `final_obs` that do not count were overwritten.", (COMPARE, 'if field == "final_obs":\n            values[~transition.truncations] = 0\n        ' + COMPARE)),
    mistake(CHECK, "one_end ignored", "`one_end` were ignored.", ("if contract.one_end:", "if False:")),
    mistake(CHECK, "one_end always", "both ends at once were always refused.", ("if contract.one_end:", "if transition.terminations is not None:")),
    mistake(CHECK, "any end", "one end were refused where only both at once are.", ("transition.terminations & transition.truncations", "transition.terminations | transition.truncations")),
    mistake(CHECK, "compares with None", "bounds that are None were compared with.", ("        if rule.low is None:\n            continue\n", "")),
    mistake(CHECK, "stops at bytes", "the loop ended at the first rule without bounds: the fields after it have rules too.", ("            continue\n", "            break\n")),
    mistake(CHECK, "another order", "the fields were not taken in the order of the rules.", ("in contract.rules.items():", "in reversed(contract.rules.items()):")),
    mistake(CHECK, "all fields at a reset", "every field of the transition were asked for: at a reset the contract has a rule for one only.", ("for field, rule in contract.rules.items():", "transition.truncations.any()\n    for field, rule in contract.rules.items():")),
]  # fmt: skip
