//! The figures as a table, with a verdict a row: over budget only if the interval's lower end is. A budget without a
//! figure is not kept either.

use serde_json::Value;

use crate::workspace::string;

/// The names of the rows that do not keep their budget.
pub(super) fn over(rows: &[Value]) -> Vec<&str> {
    rows.iter()
        .filter(|row| matches!(verdict(row), OVER | NO_FIGURE))
        .map(|row| string(row, "name"))
        .collect()
}

const OVER: &str = "OVER";
const NO_FIGURE: &str = "NO FIGURE";

/// What a row's figures say. `low` and `high` are of the ratio; of `ours` itself in a row that has no ratio.
fn verdict(row: &Value) -> &'static str {
    let Some(budget) = number(row, "budget") else { return "" };
    let Some(figure) = number(row, "ratio").or_else(|| number(row, "ours")) else { return NO_FIGURE };
    let low = number(row, "low").unwrap_or(figure);
    if low > budget {
        OVER
    } else if figure > budget {
        "within noise"
    } else {
        "ok"
    }
}

/// The table, a row a line.
pub(super) fn table(rows: &[Value]) -> String {
    let head = ["what", "ours", "theirs", "unit", "ratio", "95 % interval", "budget", "verdict"];
    let mut cells = vec![head.map(str::to_owned)];
    cells.extend(rows.iter().map(line));
    let width = |column: usize| {
        cells.iter().filter_map(|line| line.get(column)).map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<_> = (0..head.len()).map(width).collect();
    let lines: Vec<_> = cells
        .iter()
        .map(|line| {
            let padded: Vec<_> = line.iter().zip(&widths).enumerate().map(pad).collect();
            padded.join("  ").trim_end().to_owned()
        })
        .collect();
    lines.join("\n")
}

/// Words to the left, numbers to the right.
fn pad((column, (cell, width)): (usize, (&String, &usize))) -> String {
    if matches!(column, 0 | 3 | 7) { format!("{cell:width$}") } else { format!("{cell:>width$}") }
}

fn line(row: &Value) -> [String; 8] {
    let figure = |field: &str| number(row, field).map(short).unwrap_or_default();
    let ratio = |field: &str| number(row, field).map(|value| format!("{value:.3}")).unwrap_or_default();
    let has_ratio = number(row, "ratio").is_some();
    let bound = |field: &str| if has_ratio { ratio(field) } else { figure(field) };
    let interval = match (bound("low"), bound("high")) {
        (low, high) if low.is_empty() && high.is_empty() => String::new(),
        (low, high) => format!("{low} .. {high}"),
    };
    [
        string(row, "name").to_owned(),
        figure("ours"),
        figure("theirs"),
        string(row, "unit").to_owned(),
        ratio("ratio"),
        interval,
        bound("budget"),
        verdict(row).to_owned(),
    ]
}

fn number(row: &Value, field: &str) -> Option<f64> {
    row.get(field)?.as_f64()
}

/// About four digits.
fn short(value: f64) -> String {
    let digits = if value >= 1000.0 {
        0
    } else if value >= 10.0 {
        1
    } else {
        3
    };
    format!("{value:.digits$}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(ratio: f64, low: f64) -> Value {
        serde_json::json!({"name": "call", "ours": 51.04, "theirs": 50.0, "ratio": ratio, "low": low,
                           "high": 1.2, "budget": 1.03, "unit": "us"})
    }

    #[test]
    fn a_row_is_over_only_if_the_intervals_lower_end_is() {
        assert_eq!(verdict(&row(1.02, 0.99)), "ok");
        assert_eq!(verdict(&row(1.10, 1.03)), "within noise");
        assert_eq!(verdict(&row(1.10, 1.031)), "OVER");
        assert_eq!(over(&[row(1.02, 0.99), row(1.10, 1.05)]), ["call"]);
    }

    #[test]
    fn a_budget_without_a_figure_is_not_kept() {
        let missing =
            serde_json::json!({"name": "peer is missing", "ours": null, "ratio": null, "budget": 0.4});
        assert_eq!(over(&[missing]), ["peer is missing"]);
    }

    #[test]
    fn a_row_without_ratio_is_held_by_its_own_figure_and_one_without_budget_by_none() {
        let own = serde_json::json!({"name": "own", "ours": 1200.0, "low": 1100.0, "high": 1300.0,
                                     "budget": 1000.0, "unit": "ns"});
        assert_eq!(verdict(&own), "OVER");
        let noise = serde_json::json!({"name": "A/A", "ratio": 1.5, "low": 1.4, "budget": null});
        assert_eq!(verdict(&noise), "");
    }

    #[test]
    fn the_table_lines_up() {
        let want = "what  ours  theirs  unit  ratio   95 % interval  budget  verdict\n\
                    call  51.0    50.0  us    1.021  0.990 .. 1.200   1.030  ok";
        assert_eq!(table(&[row(1.021, 0.99)]), want);
    }
}
