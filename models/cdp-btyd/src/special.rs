//! The gamma function's logarithm and its derivative.

/// ln Γ(x) for x above 0.
pub(crate) fn ln_gamma(x: f64) -> f64 {
    libm::lgamma(x)
}

/// ln B(x, y) for both above 0.
pub(crate) fn ln_beta(x: f64, y: f64) -> f64 {
    ln_gamma(x) + ln_gamma(y) - ln_gamma(x + y)
}

/// ψ(x), the derivative of ln Γ, for x above 0: raised to 10 and more by ψ(x) = ψ(x + 1) − 1/x,
/// then the asymptotic series (Abramowitz and Stegun 6.3.5 and 6.3.18).
pub(crate) fn digamma(mut x: f64) -> f64 {
    let mut sum = 0.0;
    while x < 10.0 {
        sum -= 1.0 / x;
        x += 1.0;
    }
    let square = 1.0 / (x * x);
    let series = square
        * (1.0 / 12.0
            - square
                * (1.0 / 120.0
                    - square
                        * (1.0 / 252.0
                            - square * (1.0 / 240.0 - square * (1.0 / 132.0 - square / 47.4)))));
    sum + x.ln() - 0.5 / x - series
}

/// ln(e^x + e^y), without overflow; either may be minus infinity.
pub(crate) fn ln_sum(x: f64, y: f64) -> f64 {
    let (small, large) = if x < y { (x, y) } else { (y, x) };
    if small == f64::NEG_INFINITY {
        return large;
    }
    large + (small - large).exp().ln_1p()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digamma_has_its_known_values() {
        // ψ(1) = −γ, ψ(1/2) = −γ − 2 ln 2, ψ(20) and ψ(0.01) from tables.
        let euler = 0.577_215_664_901_532_9;
        assert!((digamma(1.0) + euler).abs() < 1e-13);
        assert!((digamma(0.5) + euler + 2.0 * 2.0_f64.ln()).abs() < 1e-13);
        assert!((digamma(20.0) - 2.970_523_992_242_149).abs() < 1e-13);
        assert!((digamma(0.01) + 100.560_885_457_868_68).abs() < 1e-11);
    }

    #[test]
    fn logarithms_of_sums_do_not_overflow() {
        assert!((ln_sum(800.0, 800.0) - 800.0 - 2.0_f64.ln()).abs() < 1e-12);
        assert!((ln_sum(f64::NEG_INFINITY, -3.0) + 3.0).abs() < 1e-15);
        assert!((ln_beta(2.0, 3.0) - (1.0_f64 / 12.0).ln()).abs() < 1e-13);
    }
}
