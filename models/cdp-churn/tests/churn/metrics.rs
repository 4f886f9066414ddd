//! Metrics against numbers worked out by hand and against scikit-learn 1.9.1.

use cdp_churn::ClassCounts;
use cdp_churn::metrics::{
    Curves, Economics, Grade, Interval, MetricError, Metrics, base_rate, brier, cox_calibration,
    ece, expected_profit, gains, ks, lift_at, log_loss, pr_auc, pr_auc_retained, roc_auc,
};
use proptest::prelude::{Strategy, any, prop, prop_assert, prop_assert_eq, proptest};

use crate::support::assert_close;

/// Forty rows whose scores come in pairs: score `((7 i) mod 20 + 1) / 22` of row i.
fn forty_rows() -> (Vec<bool>, Vec<f64>) {
    let labels = "0101000110010111110101000000110101101110";
    let labels = labels.chars().map(|c| c == '1').collect();
    let scores = (0..40).map(|i| f64::from(i * 7 % 20 + 1) / 22.0).collect();
    (labels, scores)
}

#[test]
fn metrics_are_those_of_scikit_learn() {
    let (labels, scores) = forty_rows();
    let metrics = Metrics::of(&labels, &scores).expect("sound rows");
    // roc_auc_score, average_precision_score, log_loss, brier_score_loss of scikit-learn 1.9.1.
    assert_close(metrics.roc_auc.expect("two classes"), 0.735, 1e-12);
    assert_close(
        metrics.pr_auc.expect("two classes"),
        0.781_085_831_523_137_9,
        1e-12,
    );
    assert_close(metrics.log_loss, 0.608_009_189_482_926_5, 1e-12);
    assert_close(metrics.brier, 0.212_396_694_214_876, 1e-12);
    // Ten bins of four rows with numpy 2; the scores are tied in pairs, so no tie straddles a bin.
    assert_close(
        metrics.ece.expect("enough rows"),
        0.204_545_454_545_454_53,
        1e-12,
    );
    // LogisticRegression(C=inf, tol=1e-14) of scikit-learn 1.9.1 on the log-odds.
    let cox = metrics.cox.expect("a line");
    assert_close(cox.slope, 0.724_305_474_308_320_4, 1e-9);
    assert_close(cox.intercept, 0.097_678_458_920_022_78, 1e-9);
    assert_close(metrics.lift_at_tenth.expect("two classes"), 2.0, 1e-12);
    assert_close(base_rate(&labels).expect("rows"), 0.5, 1e-15);
}

#[test]
fn both_classes_and_the_curves_are_those_of_scikit_learn() {
    let (labels, scores) = forty_rows();
    let metrics = Metrics::of(&labels, &scores).expect("sound rows");
    // average_precision_score(1 - y, -s), and the widest gap of roc_curve, which is ks_2samp's.
    let retained = metrics.pr_auc_retained.expect("two classes");
    assert_close(retained, 0.729_967_532_467_532_5, 1e-12);
    assert_close(metrics.ks.expect("two classes"), 0.4, 1e-12);
    let quality = metrics.lift_quality.expect("two classes");
    assert_close(quality, 0.47, 1e-12);
    assert_eq!(Grade::of(quality), Grade::Good);
    // Worked out with numpy, over rows of equal score.
    let parts = metrics.brier_parts;
    assert_close(parts.reliability, 0.137_396_694_214_876_05, 1e-12);
    assert_close(parts.resolution, 0.175, 1e-12);
    assert_close(parts.uncertainty, 0.25, 1e-15);
    let gains = gains(&labels, &scores, 5).expect("two classes");
    let expected = [0.4, 0.55, 0.7, 0.9, 1.0];
    for (gain, expected) in gains.iter().zip(expected) {
        assert_close(gain.churned, expected, 1e-12);
    }
    assert_eq!(gains.len(), expected.len());
}

#[test]
fn curves_are_those_of_scikit_learn() {
    let (labels, scores) = forty_rows();
    let curves = Curves::of(&labels, &scores).expect("sound rows");
    // roc_curve(y, s, drop_intermediate=False): the 20 scores, and (0, 0).
    assert_eq!(curves.roc.len(), 21);
    let third = curves.roc[3];
    assert_close(third.retained, 0.0, 1e-15);
    assert_close(third.churned, 0.3, 1e-15);
    // The trapezoids below it are the AUC.
    let strips = curves.roc.windows(2).map(|pair| {
        (pair[1].retained - pair[0].retained) * (pair[0].churned + pair[1].churned) / 2.0
    });
    assert_close(strips.sum(), 0.735, 1e-12);
    assert_eq!(curves.gains.len(), 100);
    assert_close(curves.gains[19].churned, 0.4, 1e-12);
    // Scores from 1/22 to 20/22, two rows each.
    let in_bands: Vec<usize> = curves.bands.iter().map(|band| band.rows()).collect();
    assert_eq!(in_bands[..3], [2, 2, 2]);
    assert_eq!(in_bands.iter().sum::<usize>(), 40);
    // Four rows each, lowest first; their distances are the calibration error.
    assert_eq!(curves.calibration.len(), 10);
    let distance = curves.calibration.iter().map(|bin| {
        assert_eq!(bin.rows.rows(), 4);
        (bin.mean_probability - bin.churn_rate()).abs()
    });
    assert_close(
        distance.sum::<f64>() / 10.0,
        0.204_545_454_545_454_53,
        1e-12,
    );
}

#[test]
fn a_share_has_an_interval_that_stays_within_0_and_1() {
    // Wilson's formula, worked out in Python.
    let counts = |churned, retained| ClassCounts { churned, retained };
    let some = Interval::of_share(counts(15, 35));
    assert_close(some.low, 0.191_036, 1e-6);
    assert_close(some.high, 0.437_504, 1e-6);
    let none = Interval::of_share(counts(0, 10));
    assert_close(none.low, 0.0, 1e-15);
    assert_close(none.high, 0.277_533, 1e-6);
    assert_close(Interval::of_share(counts(0, 0)).high, 1.0, 0.0);
}

#[test]
fn a_gap_is_measured_behind_a_tie_and_in_either_direction() {
    assert_eq!(ks(&[true, false], &[0.5; 2]), Ok(0.0));
    assert_eq!(ks(&[false, true], &[0.9, 0.1]), Ok(1.0));
    assert_eq!(ks(&[true], &[0.1]), Err(MetricError::OneClass));
    assert_eq!(pr_auc_retained(&[true], &[0.1]), Err(MetricError::OneClass));
}

#[test]
fn grades_begin_where_they_say() {
    let grades = [-0.1, 0.2, 0.4, 0.6].map(|quality| Grade::of(quality).as_str());
    assert_eq!(grades, ["poor", "fair", "good", "excellent"]);
}

#[test]
fn a_tie_between_classes_counts_half() {
    // Pairs: 0.9 above 0.5 and 0.1 (2 wins), 0.5 tied with 0.5 (half), above 0.1 (1 win): 3.5 of 4.
    let labels = [true, true, false, false];
    let auc = roc_auc(&labels, &[0.9, 0.5, 0.5, 0.1]);
    assert_eq!(auc, Ok(0.875));
    assert_eq!(roc_auc(&labels, &[0.3; 4]), Ok(0.5));
    // The lowest scores are exactly zero: linfa 0.8.1's curve loses its origin here.
    let labels = [true, true, false, true, false, false];
    assert_eq!(roc_auc(&labels, &[1.0, 0.0, 0.0, 0.0, 1.0, 0.0]), Ok(0.5));
}

#[test]
fn average_precision_takes_a_tie_as_one_step() {
    // One step of recall 1 at precision 2 of 3.
    let area = pr_auc(&[true, false, true], &[0.5; 3]).expect("two classes");
    assert_close(area, 2.0 / 3.0, 1e-15);
}

#[test]
fn a_tie_on_the_border_of_the_top_is_shared() {
    // The top half of four rows: 0.9 whole, and one of three tied rows that hold one churned.
    let lift = lift_at(&[true, true, false, false], &[0.9, 0.5, 0.5, 0.5], 0.5).expect("sound");
    // Two thirds of that half churned, and half of all.
    assert_close(lift, (2.0 / 3.0) / 0.5, 1e-15);
    let all = lift_at(&[true, false], &[0.9, 0.1], 1.0).expect("sound");
    assert_close(all, 1.0, 1e-15);
}

#[test]
fn calibration_error_of_a_constant_is_its_distance_from_the_base_rate() {
    let labels: Vec<bool> = (0..37).map(|i| i % 3 == 0).collect();
    let rate = base_rate(&labels).expect("rows");
    for bins in [1, 5, 10, 37] {
        let error = ece(&labels, &[0.25; 37], bins).expect("sound");
        assert_close(error, (rate - 0.25).abs(), 1e-12);
    }
}

#[test]
fn certainty_that_was_wrong_costs_a_finite_loss() {
    let loss = log_loss(&[true], &[0.0]).expect("sound");
    assert_close(loss, 34.538_776_394_910_684, 1e-9);
    assert_eq!(brier(&[true], &[0.0]), Ok(1.0));
}

#[test]
fn a_metric_without_a_value_says_so() {
    assert_eq!(roc_auc(&[], &[]), Err(MetricError::Empty));
    assert_eq!(
        roc_auc(&[true, true], &[0.1, 0.2]),
        Err(MetricError::OneClass)
    );
    assert_eq!(pr_auc(&[false], &[0.1]), Err(MetricError::OneClass));
    assert_eq!(lift_at(&[false], &[0.1], 0.1), Err(MetricError::OneClass));
    assert_eq!(
        log_loss(&[true], &[0.1, 0.2]),
        Err(MetricError::Lengths {
            labels: 1,
            scores: 2
        })
    );
    assert_eq!(
        roc_auc(&[true, false], &[0.1, f64::NAN]),
        Err(MetricError::NotFinite { row: 1 })
    );
    assert_eq!(
        brier(&[true], &[1.5]),
        Err(MetricError::NotAProbability { row: 0, score: 1.5 })
    );
    assert!(matches!(
        ece(&[true], &[0.5], 2),
        Err(MetricError::Setting { name: "bins", .. })
    ));
    assert!(matches!(
        lift_at(&[true], &[0.5], 0.0),
        Err(MetricError::Setting { .. })
    ));
    assert!(log_loss(&[true], &[f64::NAN]).is_err());
}

#[test]
fn scores_that_separate_or_do_not_vary_have_no_calibration_line() {
    let none = Err(MetricError::NoCalibrationLine);
    assert_eq!(
        cox_calibration(&[true, true, false, false], &[0.9, 0.8, 0.2, 0.1]),
        none
    );
    assert_eq!(
        cox_calibration(&[true, false, true, false], &[0.6; 4]),
        none
    );
    assert_eq!(cox_calibration(&[true], &[0.6]), Err(MetricError::OneClass));
}

/// Labels and probabilities in hundredths, so that ties are common.
fn scored() -> impl Strategy<Value = Vec<(bool, f64)>> {
    let probability = (0_u8..=100).prop_map(|p| f64::from(p) / 100.0);
    prop::collection::vec((any::<bool>(), probability), 2..80)
}

proptest! {
    #[test]
    fn swapping_classes_mirrors_the_roc_curve(rows in scored()) {
        let (labels, scores): (Vec<bool>, Vec<f64>) = rows.iter().copied().unzip();
        let (other, mirrored): (Vec<bool>, Vec<f64>) =
            rows.iter().map(|(label, score)| (!label, -score)).unzip();
        match (roc_auc(&labels, &scores), roc_auc(&other, &mirrored)) {
            (Ok(a), Ok(b)) => prop_assert!((a - b).abs() < 1e-12),
            (a, b) => prop_assert_eq!(a, b),
        }
    }

    #[test]
    fn no_metric_is_ever_nan_and_order_does_not_matter(rows in scored()) {
        let (labels, scores): (Vec<bool>, Vec<f64>) = rows.iter().copied().unzip();
        let (back, scores_back): (Vec<bool>, Vec<f64>) = rows.iter().rev().copied().unzip();
        let metrics = Metrics::of(&labels, &scores).expect("sound rows");
        let reversed = Metrics::of(&back, &scores_back).expect("sound rows");
        prop_assert_eq!(metrics.roc_auc, reversed.roc_auc);
        prop_assert_eq!(metrics.pr_auc, reversed.pr_auc);
        prop_assert_eq!(metrics.ece, reversed.ece);
        prop_assert_eq!(metrics.lift_at_tenth, reversed.lift_at_tenth);
        let cox = metrics.cox.map(|c| [c.slope, c.intercept]).unwrap_or_default();
        prop_assert_eq!(metrics.pr_auc_retained, reversed.pr_auc_retained);
        prop_assert_eq!(metrics.ks, reversed.ks);
        let parts = metrics.brier_parts;
        let whole = parts.reliability - parts.resolution + parts.uncertainty;
        prop_assert!((whole - metrics.brier).abs() < 1e-12);
        let others = [
            metrics.roc_auc,
            metrics.pr_auc,
            metrics.pr_auc_retained,
            metrics.ks,
            metrics.ece,
            metrics.lift_at_tenth,
        ];
        let all = cox.into_iter().chain(others.into_iter().flatten());
        for value in all.chain([metrics.log_loss, metrics.brier]) {
            prop_assert!(value.is_finite());
        }
        prop_assert!(metrics.ece.is_none_or(|e| (0.0..=1.0).contains(&e)));
    }

    #[test]
    fn curves_rise_to_all_rows_and_order_does_not_matter(rows in scored()) {
        let (labels, scores): (Vec<bool>, Vec<f64>) = rows.iter().copied().unzip();
        let (back, scores_back): (Vec<bool>, Vec<f64>) = rows.iter().rev().copied().unzip();
        let curves = Curves::of(&labels, &scores).expect("sound rows");
        prop_assert_eq!(&curves, &Curves::of(&back, &scores_back).expect("sound rows"));
        for pair in curves.roc.windows(2) {
            prop_assert!(pair[0].retained <= pair[1].retained);
            prop_assert!(pair[0].churned <= pair[1].churned);
        }
        if let Some(last) = curves.roc.last() {
            prop_assert!((last.retained - 1.0).abs() <= 0.0 && (last.churned - 1.0).abs() <= 0.0);
        }
        prop_assert!(curves.gains.is_sorted_by(|a, b| a.churned <= b.churned));
        if let Some(last) = curves.gains.last() {
            prop_assert!((last.churned - 1.0).abs() < 1e-12);
        }
        let bins = &curves.calibration;
        prop_assert!((1..=10).contains(&bins.len()));
        prop_assert!(bins.is_sorted_by(|a, b| a.mean_probability < b.mean_probability));
        let churned: usize = bins.iter().map(|bin| bin.rows.churned).sum();
        let all: usize = bins.iter().map(|bin| bin.rows.rows()).sum();
        prop_assert_eq!(churned, labels.iter().filter(|label| **label).count());
        prop_assert_eq!(all, labels.len());
        let in_bands: usize = curves.bands.iter().map(|band| band.churned).sum();
        prop_assert_eq!(in_bands, churned);
        prop_assert_eq!(curves.bands.iter().map(|band| band.rows()).sum::<usize>(), all);
        for bin in bins {
            let interval = bin.interval();
            prop_assert!(interval.low <= bin.churn_rate() && bin.churn_rate() <= interval.high);
        }
    }
}

#[test]
fn acting_from_the_threshold_on_pays_most_when_probabilities_are_right() {
    // One in twenty, one in four and one in two churn, and so they were told.
    let groups = [(0.05, 20), (0.25, 20), (0.5, 20)];
    let (mut churned, mut told) = (Vec::new(), Vec::new());
    for (p, rows) in groups {
        for row in 0..rows {
            churned.push(f64::from(row) < p * f64::from(rows));
            told.push(p);
        }
    }
    let economics = Economics {
        offer_cost: 2.0,
        save_rate: 0.2,
        value: 50.0,
    };
    economics.check().expect("sound");
    let profit = expected_profit(&churned, &told, &economics).expect("sound rows");
    assert_close(profit.threshold, 0.2, 1e-12);
    assert_close(profit.treated, 40.0 / 60.0, 1e-12);
    // 5 and 10 churners at 10 each, less 40 offers at 2; all: 16 churners less 60 offers.
    assert_close(profit.per_row, (150.0 - 80.0) / 60.0, 1e-12);
    assert_close(profit.of_all, (160.0 - 120.0) / 60.0, 1e-12);
    assert_close(profit.at_best, 16.0 * 8.0 / 60.0, 1e-12);
    let free = Economics {
        save_rate: 0.0,
        ..economics
    };
    let fault = free.check().expect_err("nobody is saved");
    assert_eq!(
        fault.to_string(),
        "`save_rate` is 0, expected a share above 0 and up to 1"
    );
}
