//! A small minimiser: BFGS with a line search by bisection that ends in the weak Wolfe conditions
//! (Lewis and Overton 2013, "Nonsmooth optimization via quasi-Newton methods", algorithm 2.6), or
//! in those by slopes alone where values differ by rounding (Hager and Zhang 2005).

/// A function's value and gradient at a point.
pub(crate) struct Slope<const N: usize> {
    pub(crate) value: f64,
    pub(crate) gradient: [f64; N],
}

impl<const N: usize> Slope<N> {
    /// The largest entry of the gradient; infinite where the function has no value.
    fn steepest(&self) -> f64 {
        if !self.is_finite() {
            return f64::INFINITY;
        }
        let largest = |most: f64, value: &f64| most.max(value.abs());
        self.gradient.iter().fold(0.0, largest)
    }

    fn is_finite(&self) -> bool {
        self.value.is_finite() && self.gradient.iter().all(|value| value.is_finite())
    }
}

/// Where the minimiser stopped.
#[derive(Debug, Clone)]
pub(crate) struct Minimum<const N: usize> {
    pub(crate) point: [f64; N],
    pub(crate) value: f64,
    /// Largest entry of the gradient.
    pub(crate) steepest: f64,
    pub(crate) iterations: usize,
    /// Whether it walked out of the box in which a minimum was looked for.
    pub(crate) ran_away: bool,
}

/// How far and how long to look.
pub(crate) struct Search {
    /// Largest entry of the gradient at which a point counts as a minimum.
    pub(crate) aim: f64,
    /// Largest absolute coordinate of a point.
    pub(crate) edge: f64,
    /// Most iterations.
    pub(crate) steps: usize,
}

/// Longest first try of a step, in any coordinate.
const STRIDE: f64 = 2.0;
/// How often a step is halved or doubled.
const TRIES: usize = 40;
/// Share of the promised descent that a step must keep.
const DESCENT: f64 = 1e-4;
/// Share of the slope that may be left after a step.
const CURVATURE: f64 = 0.9;
/// Values that differ by less than this share may differ by rounding.
const ROUNDING: f64 = 1e-11;

/// Walks downhill from a point.
pub(crate) fn minimise<const N: usize>(
    start: [f64; N],
    search: &Search,
    function: impl Fn(&[f64; N]) -> Slope<N>,
) -> Minimum<N> {
    let mut point = start;
    let mut slope = function(&point);
    let mut inverse = identity::<N>();
    let mut iterations = 0;
    let mut ran_away = false;
    while iterations < search.steps && slope.steepest() > search.aim && !ran_away {
        let mut direction = product(&inverse, &slope.gradient).map(|value| -value);
        if dot(&direction, &slope.gradient) >= 0.0 {
            inverse = identity();
            direction = slope.gradient.map(|value| -value);
        }
        let longest = direction
            .iter()
            .fold(0.0, |most: f64, value| most.max(value.abs()));
        if longest > STRIDE {
            direction = direction.map(|value| value * STRIDE / longest);
        }
        let Some((next, there)) = step(&point, &slope, &direction, &function) else {
            break;
        };
        let moved = std::array::from_fn(|i| next[i] - point[i]);
        let turned = std::array::from_fn(|i| there.gradient[i] - slope.gradient[i]);
        update(&mut inverse, &moved, &turned, iterations == 0);
        (point, slope) = (next, there);
        ran_away = point.iter().any(|value| value.abs() > search.edge);
        iterations += 1;
    }
    Minimum {
        point,
        value: slope.value,
        steepest: slope.steepest(),
        iterations,
        ran_away,
    }
}

/// A point along the direction that is lower and less steep, or at least lower.
fn step<const N: usize>(
    point: &[f64; N],
    slope: &Slope<N>,
    direction: &[f64; N],
    function: &impl Fn(&[f64; N]) -> Slope<N>,
) -> Option<([f64; N], Slope<N>)> {
    let fall = dot(direction, &slope.gradient);
    let (mut short, mut long, mut length) = (0.0, f64::INFINITY, 1.0);
    let mut best = None;
    for _ in 0..TRIES {
        let next = std::array::from_fn(|i| point[i] + length * direction[i]);
        let there = function(&next);
        let along = dot(direction, &there.gradient);
        let falls = there.value <= slope.value + DESCENT * length * fall;
        // Near the end values differ by rounding alone, and only slopes tell where it goes down.
        let flat = there.value <= slope.value + ROUNDING * slope.value.abs().max(1.0)
            && along <= (2.0 * DESCENT - 1.0) * fall;
        if !there.is_finite() || !(falls || flat) {
            long = length;
        } else if along < CURVATURE * fall {
            short = length;
            best = Some((next, there));
        } else {
            return Some((next, there));
        }
        length = if long.is_finite() {
            0.5 * (short + long)
        } else {
            2.0 * short
        };
    }
    best
}

/// The BFGS update of the inverse of the curvature, left out where the curvature is not positive.
fn update<const N: usize>(
    inverse: &mut [[f64; N]; N],
    moved: &[f64; N],
    turned: &[f64; N],
    first: bool,
) {
    let bend = dot(moved, turned);
    if bend <= 1e-300 {
        return;
    }
    if first {
        let scale = bend / dot(turned, turned);
        *inverse = identity::<N>().map(|row| row.map(|value| value * scale));
    }
    let through = product(inverse, turned);
    let weight = (1.0 + dot(turned, &through) / bend) / bend;
    for (i, row) in inverse.iter_mut().enumerate() {
        for (j, value) in row.iter_mut().enumerate() {
            *value += weight * moved[i] * moved[j]
                - (through[i] * moved[j] + moved[i] * through[j]) / bend;
        }
    }
}

fn identity<const N: usize>() -> [[f64; N]; N] {
    std::array::from_fn(|i| std::array::from_fn(|j| f64::from(u8::from(i == j))))
}

fn dot<const N: usize>(left: &[f64; N], right: &[f64; N]) -> f64 {
    left.iter().zip(right).map(|(x, y)| x * y).sum()
}

fn product<const N: usize>(matrix: &[[f64; N]; N], vector: &[f64; N]) -> [f64; N] {
    std::array::from_fn(|i| dot(&matrix[i], vector))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SEARCH: Search = Search {
        aim: 1e-10,
        edge: 20.0,
        steps: 200,
    };

    #[test]
    fn the_banana_valley_is_walked_to_its_end() {
        let found = minimise([-1.2, 1.0], &SEARCH, |&[x, y]| Slope {
            value: (1.0 - x).powi(2) + 100.0 * (y - x * x).powi(2),
            gradient: [
                -2.0 * (1.0 - x) - 400.0 * x * (y - x * x),
                200.0 * (y - x * x),
            ],
        });
        assert!(found.steepest <= 1e-10 && !found.ran_away, "{found:?}");
        assert!(
            found.point.iter().all(|value| (value - 1.0).abs() < 1e-8),
            "{found:?}"
        );
    }

    #[test]
    fn a_slope_without_an_end_is_told() {
        let found = minimise([0.0], &SEARCH, |&[x]| Slope {
            value: -x,
            gradient: [-1.0],
        });
        assert!(found.ran_away, "{found:?}");
    }
}
