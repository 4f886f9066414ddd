//! After how long a silence nobody comes back: Kaplan and Meier 1958 over the gaps between orders,
//! those still open being censored.

use std::collections::BTreeMap;

/// Gaps between order days, counted by their length in days.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Gaps {
    /// Those that an order ended.
    pub closed: BTreeMap<u32, u64>,
    /// Those that are open, by how long they have lasted.
    pub open: BTreeMap<u32, u64>,
}

/// How likely a gap is to have ended by a day.
#[derive(Debug, Clone, PartialEq)]
pub struct Repurchase {
    /// Share of gaps that last longer, after each length at which one ended, shortest first.
    survival: Vec<(u32, f64)>,
    longest: u32,
}

/// What goes wrong when a silence of some length is called churn.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct HorizonErrors {
    /// The length in days.
    pub days: u32,
    /// Type I: of the customers so long silent, the share that comes back.
    pub come_back: f64,
    /// Type II: of the customers who do not come back, the share that is not so long silent yet.
    pub not_yet_told: Option<f64>,
}

impl Gaps {
    /// How many have ended.
    pub fn closed_count(&self) -> u64 {
        self.closed.values().sum()
    }

    /// How many are open.
    pub fn open_count(&self) -> u64 {
        self.open.values().sum()
    }
}

impl Repurchase {
    /// The curve of gaps; `None` when none has ended.
    pub fn of(gaps: &Gaps) -> Option<Self> {
        let longest_open = gaps.open.keys().next_back().copied().unwrap_or(0);
        let longest = gaps.closed.keys().next_back()?.max(&longest_open);
        let mut at_risk = gaps.closed_count() + gaps.open_count();
        let mut share = 1.0;
        let mut survival = Vec::new();
        let mut open = gaps.open.iter().peekable();
        for (&days, &ended) in &gaps.closed {
            // One that is open at this length still was at risk of ending there.
            while let Some((_, count)) = open.next_if(|(length, _)| **length < days) {
                at_risk -= count;
            }
            share *= 1.0 - ended as f64 / at_risk as f64;
            at_risk -= ended;
            survival.push((days, share));
        }
        Some(Self {
            survival,
            longest: *longest,
        })
    }

    /// The share of gaps that last longer than so many days.
    pub fn survival(&self, days: u32) -> f64 {
        let passed = self.survival.partition_point(|(length, _)| *length <= days);
        passed
            .checked_sub(1)
            .map_or(1.0, |last| self.survival[last].1)
    }

    /// The share of gaps that nothing ends, as far as was seen.
    pub fn never(&self) -> f64 {
        self.survival.last().map_or(1.0, |(_, share)| *share)
    }

    /// The longest gap that was looked at, in days.
    pub fn longest(&self) -> u32 {
        self.longest
    }

    /// The days in which such a share has ended of the gaps that end at all.
    pub fn quantile(&self, share: f64) -> u32 {
        let never = self.never();
        let last = self.survival.last().map_or(0, |(days, _)| *days);
        let aim = 1.0 - share * (1.0 - never);
        // A hair, so that rounding of products does not move a whole step.
        let mut steps = self.survival.iter();
        let reached = steps.find(|(_, survival)| *survival <= aim + 1e-12);
        reached.map_or(last, |(days, _)| *days)
    }

    /// What goes wrong with a horizon of so many days, for customers whose open gaps are these.
    pub fn errors(&self, gaps: &Gaps, days: u32) -> HorizonErrors {
        let (longer, never) = (self.survival(days), self.never());
        let come_back = if longer > 0.0 {
            (longer - never) / longer
        } else {
            0.0
        };
        // Whoever is silent for t days has left for good with probability never / S(t).
        let gone = |(length, count): (&u32, &u64)| {
            let survival = self.survival(*length);
            let chance = if survival > 0.0 {
                never / survival
            } else {
                0.0
            };
            *count as f64 * chance
        };
        let all: f64 = gaps.open.iter().map(gone).sum();
        let early: f64 = gaps.open.range(..days).map(gone).sum();
        HorizonErrors {
            days,
            come_back,
            not_yet_told: (all > 0.0).then(|| early / all),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gaps(closed: &[(u32, u64)], open: &[(u32, u64)]) -> Gaps {
        Gaps {
            closed: closed.iter().copied().collect(),
            open: open.iter().copied().collect(),
        }
    }

    #[test]
    fn the_curve_is_that_of_kaplan_and_meier() {
        // Times of remission under 6-MP, in weeks (Freireich 1963, in every textbook): the estimate
        // is .857 .807 .753 .690 .627 .538 .448.
        let closed = [(6, 3), (7, 1), (10, 1), (13, 1), (16, 1), (22, 1), (23, 1)];
        let open = [
            (6, 1),
            (9, 1),
            (10, 1),
            (11, 1),
            (17, 1),
            (19, 1),
            (20, 1),
            (25, 1),
            (32, 2),
            (34, 1),
            (35, 1),
        ];
        let curve = Repurchase::of(&gaps(&closed, &open)).expect("some ended");
        let expected = [0.857, 0.807, 0.753, 0.690, 0.627, 0.538, 0.448];
        for ((days, _), share) in closed.iter().zip(expected) {
            assert!((curve.survival(*days) - share).abs() < 0.0006, "{days}");
        }
        assert!((curve.survival(5) - 1.0).abs() < 1e-15);
        assert!((curve.survival(40) - 0.448).abs() < 0.0006);
        assert_eq!(curve.longest(), 35);
    }

    #[test]
    fn quantiles_are_of_the_gaps_that_end() {
        let all_end = gaps(&[(10, 5), (20, 3), (30, 2)], &[]);
        let curve = Repurchase::of(&all_end).expect("some ended");
        assert_eq!(
            [0.5, 0.8, 0.9].map(|share| curve.quantile(share)),
            [10, 20, 30]
        );
        // Ten who are silent for very long add nothing to what those who come back do.
        let some_end = gaps(&[(10, 5), (20, 3), (30, 2)], &[(500, 10)]);
        let curve = Repurchase::of(&some_end).expect("some ended");
        assert_eq!(
            [0.5, 0.8, 0.9].map(|share| curve.quantile(share)),
            [10, 20, 30]
        );
        assert!((curve.never() - 0.5).abs() < 1e-12);
        assert_eq!(Repurchase::of(&gaps(&[], &[(3, 1)])), None);
    }

    #[test]
    fn a_longer_horizon_is_wrong_less_often_and_tells_later() {
        let gaps = gaps(
            &[(10, 50), (20, 30), (60, 20)],
            &[(5, 10), (15, 10), (400, 50)],
        );
        let curve = Repurchase::of(&gaps).expect("some ended");
        let errors: Vec<HorizonErrors> = [5, 15, 30, 60, 100]
            .into_iter()
            .map(|days| curve.errors(&gaps, days))
            .collect();
        for pair in errors.windows(2) {
            assert!(pair[0].come_back >= pair[1].come_back);
            assert!(pair[0].not_yet_told <= pair[1].not_yet_told);
        }
        assert!(errors[4].come_back.abs() < 1e-12);
        assert_eq!(errors[0].not_yet_told, Some(0.0));
    }
}
