//! Curves in a terminal: one sign for each curve, one column for each step along the line below.

use std::fmt::Write;

/// Lines from nothing to all.
const ROWS: usize = 10;

/// A curve of shares from 0 to 1, and the sign that draws it.
pub(super) struct Curve<'a> {
    pub(super) sign: char,
    pub(super) shares: &'a [Option<f64>],
}

/// Draws curves over the same steps, `last` being the number at the last of them. Where two meet
/// stands `both`.
pub(super) fn plot(curves: &[Curve<'_>], both: char, last: u32) -> String {
    let width = curves.iter().map(|curve| curve.shares.len()).max();
    let width = width.unwrap_or(0);
    let mut grid = vec![vec![' '; width]; ROWS + 1];
    for Curve { sign, shares } in curves {
        for (column, share) in shares.iter().enumerate() {
            let Some(share) = share else { continue };
            let cell = &mut grid[ROWS - row(*share)][column];
            *cell = if *cell == ' ' { *sign } else { both };
        }
    }
    let mut text = String::new();
    for (below_top, cells) in grid.iter().enumerate() {
        let percent = 100 * (ROWS - below_top) / ROWS;
        let label = match percent {
            0 | 50 | 100 => format!("{percent} %"),
            _ => String::new(),
        };
        let cells: String = cells.iter().collect();
        let _ = writeln!(text, "{}", format!("  {label:>5} |{cells}").trim_end());
    }
    let line = "-".repeat(width);
    let half = (last / 2).to_string();
    let last = last.to_string();
    let middle = (width / 2).saturating_sub(half.len() / 2 + 1);
    let rest = width.saturating_sub(1 + middle + half.len());
    let _ = writeln!(text, "        +{line}");
    let _ = writeln!(text, "         0{:middle$}{half}{last:>rest$} days", "");
    text
}

/// The line of a share, counted from the lowest.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a share of a few lines"
)]
fn row(share: f64) -> usize {
    (ROWS as f64 * share.clamp(0.0, 1.0)).round() as usize
}

#[cfg(test)]
mod tests {
    use super::{Curve, plot};

    #[test]
    fn curves_cross_where_they_meet() {
        let falling: Vec<Option<f64>> = (0..21).map(|i| Some(1.0 - f64::from(i) / 20.0)).collect();
        let rising: Vec<Option<f64>> = (0..21)
            .map(|i| (i > 3).then(|| f64::from(i) / 20.0))
            .collect();
        let curves = [
            Curve {
                sign: '1',
                shares: &falling,
            },
            Curve {
                sign: '2',
                shares: &rising,
            },
        ];
        let text = plot(&curves, 'X', 360);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 13);
        assert!(lines[0].starts_with("  100 % |1"), "{text}");
        assert!(lines[5].starts_with("   50 % |"), "{text}");
        assert!(lines[5].contains('X'), "{text}");
        assert_eq!(lines[11], format!("        +{}", "-".repeat(21)));
        assert!(lines[12].ends_with("360 days"), "{text}");
        // Its middle digit stands below the middle column.
        assert_eq!(lines[12].find("180"), Some(9 + 10 - 1), "{text}");
    }
}
