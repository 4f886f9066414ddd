//! The one integral behind Pareto/NBD: ∫ (α + t)^−p (β + t)^−q dt.
//!
//! The papers write it as a difference of Gauss's hypergeometric function 2F1, whose series creeps
//! or diverges where α and β are far apart and whose difference cancels where the ends are near.
//! Here it is Euler's integral itself: positive, smooth on a logarithmic scale, and summed by
//! Gauss and Legendre's rule, so nothing cancels and nothing overflows.

/// Nodes above 0 of Gauss and Legendre's rule of 16 points on [−1, 1], and their weights.
const RULE: [(f64, f64); 8] = [
    (0.989_400_934_991_649_9, 0.027_152_459_411_754_096),
    (0.944_575_023_073_232_6, 0.062_253_523_938_647_894),
    (0.865_631_202_387_831_8, 0.095_158_511_682_492_79),
    (0.755_404_408_355_003, 0.124_628_971_255_533_88),
    (0.617_876_244_402_643_8, 0.149_595_988_816_576_74),
    (0.458_016_777_657_227_37, 0.169_156_519_395_002_54),
    (0.281_603_550_779_258_9, 0.182_603_415_044_923_58),
    (0.095_012_509_837_637_44, 0.189_450_610_455_068_5),
];
/// Widest panel on the logarithmic scale: the nearest singularity is π away.
const PANEL: f64 = 4.0;
/// Largest change of the integrand's logarithm within a panel.
const CHANGE: f64 = 8.0;
/// What has fallen by e^−42 is left out: it is below the last digit.
const NEGLIGIBLE: f64 = 42.0;
/// Most panels.
const PANELS: f64 = 64.0;

/// The integrand: two powers that decay.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Decay {
    pub(crate) alpha: f64,
    /// Exponent of α + t, at least 0.
    pub(crate) p: f64,
    pub(crate) beta: f64,
    /// Exponent of β + t, at least 0.
    pub(crate) q: f64,
}

/// The integral, and means under the integrand as a density.
pub(crate) struct Integral {
    /// Its logarithm; minus infinity when there is nothing between the ends.
    pub(crate) ln: f64,
    /// Mean of ln(α + t).
    pub(crate) ln_alpha: f64,
    /// Mean of 1 / (α + t).
    pub(crate) inverse_alpha: f64,
    /// Mean of ln(β + t).
    pub(crate) ln_beta: f64,
    /// Mean of 1 / (β + t).
    pub(crate) inverse_beta: f64,
}

impl Decay {
    /// The integral from one time to a later one.
    pub(crate) fn integrate(&self, from: f64, to: f64) -> Integral {
        let (alpha, beta) = (self.alpha + from, self.beta + from);
        // t runs as nearer · (e^v − 1) past `from`; the integrand's logarithm is concave in v.
        let nearer = alpha.min(beta);
        let mut width = ((to - from) / nearer).ln_1p();
        let at_start = 1.0 - nearer * (self.p / alpha + self.q / beta);
        if at_start < 0.0 {
            width = width.min(NEGLIGIBLE / -at_start);
        }
        let node = |v: f64| {
            let grown = nearer * v.exp_m1();
            let (a, b) = ((grown / alpha).ln_1p(), (grown / beta).ln_1p());
            (v - self.p * a - self.q * b, grown, a, b)
        };
        let change = node(width).0.abs();
        let panels = (width / PANEL).max(change / CHANGE).ceil();
        let panels = panels.clamp(1.0, PANELS);
        let half = 0.5 * width / panels;
        let mut sums = [0.0; 5];
        let mut middle = half;
        while middle < width {
            for (place, weight) in RULE {
                for v in [middle - half * place, middle + half * place] {
                    let (ln, grown, a, b) = node(v);
                    let mass = weight * ln.exp();
                    let means = [1.0, a, 1.0 / (alpha + grown), b, 1.0 / (beta + grown)];
                    for (sum, mean) in sums.iter_mut().zip(means) {
                        *sum += mass * mean;
                    }
                }
            }
            middle += 2.0 * half;
        }
        let [mass, a, inverse_alpha, b, inverse_beta] = sums;
        if mass <= 0.0 {
            return Integral {
                ln: f64::NEG_INFINITY,
                ln_alpha: alpha.ln(),
                inverse_alpha: 1.0 / alpha,
                ln_beta: beta.ln(),
                inverse_beta: 1.0 / beta,
            };
        }
        Integral {
            ln: (mass * half * nearer).ln() - self.p * alpha.ln() - self.q * beta.ln(),
            ln_alpha: alpha.ln() + a / mass,
            inverse_alpha: inverse_alpha / mass,
            ln_beta: beta.ln() + b / mass,
            inverse_beta: inverse_beta / mass,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Simpson's rule on a logarithmic scale, with very many points.
    fn naive(decay: Decay, from: f64, to: f64) -> f64 {
        let nearer = decay.alpha.min(decay.beta);
        let width = ((to + nearer) / (from + nearer)).ln();
        let steps = 200_000;
        let value = |i: usize| {
            let shifted = (from + nearer) * (width * i as f64 / f64::from(steps)).exp();
            let t = shifted - nearer;
            shifted * (decay.alpha + t).powf(-decay.p) * (decay.beta + t).powf(-decay.q)
        };
        let weight = |i: usize| match i {
            0 | 200_000 => 1.0,
            i if i % 2 == 1 => 4.0,
            _ => 2.0,
        };
        let sum: f64 = (0..=200_000).map(|i| weight(i) * value(i)).sum();
        sum * width / f64::from(steps) / 3.0
    }

    #[test]
    fn it_is_what_many_small_steps_sum_to() {
        let cases = [
            (10.6, 0.55, 11.7, 1.6, 0.0, 38.9),
            (10.6, 27.5, 11.7, 1.6, 30.0, 38.9),
            (0.01, 0.3, 40.0, 1.2, 0.0, 100.0),
            (40.0, 3.0, 0.001, 1.05, 0.0, 100.0),
            (5.0, 60.0, 800.0, 90.0, 1.0, 50.0),
            (200.0, 90.0, 0.5, 0.2, 10.0, 10.001),
            (1.0, 0.0, 1.0, 0.0, 0.0, 7.0),
        ];
        for (alpha, p, beta, q, from, to) in cases {
            let decay = Decay { alpha, p, beta, q };
            let (found, known) = (decay.integrate(from, to).ln.exp(), naive(decay, from, to));
            assert!(
                (found / known - 1.0).abs() < 1e-9,
                "{decay:?}: {found} {known}"
            );
        }
    }

    #[test]
    fn nothing_between_the_ends_is_nothing() {
        let decay = Decay {
            alpha: 1.0,
            p: 2.0,
            beta: 3.0,
            q: 1.0,
        };
        assert!(decay.integrate(4.0, 4.0).ln.is_infinite());
    }
}
