//! The stories behind the models, acted out: customers who are drawn as the models suppose.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use cdp_btyd::{History, Leaving};

/// How customers of a story leave.
#[derive(Clone, Copy)]
pub(crate) enum Story {
    /// At orders, each customer with a chance from a beta distribution (a, b).
    AtOrders { leaving: Leaving, a: f64, b: f64 },
    /// At any time, each customer at a rate from a gamma distribution (s, β).
    AtAnyTime { s: f64, beta: f64 },
    /// Never.
    Never,
}

/// A customer of a story: what was seen, and order days in the time after it.
pub(crate) struct Actor {
    pub(crate) history: History,
    /// Times of the orders after the history, counted from its end.
    pub(crate) later: Vec<f64>,
}

/// Draws customers with order rates from a gamma distribution (r, α), who are seen for 20 to 40
/// units of time and then for `after` more.
pub(crate) fn act(
    story: Story,
    r: f64,
    alpha: f64,
    after: f64,
    count: usize,
    seed: u64,
) -> Vec<Actor> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    (0..count)
        .map(|_| actor(story, r, alpha, after, &mut rng))
        .collect()
}

fn actor(story: Story, r: f64, alpha: f64, after: f64, rng: &mut ChaCha8Rng) -> Actor {
    let rate = gamma(r, rng) / alpha;
    let age = rng.random_range(20.0..40.0);
    let (chance, mut end) = match story {
        Story::AtOrders { a, b, .. } => {
            let (left, stayed) = (gamma(a, rng), gamma(b, rng));
            (left / (left + stayed), f64::INFINITY)
        }
        Story::AtAnyTime { s, beta } => (0.0, exponential(gamma(s, rng) / beta, rng)),
        Story::Never => (0.0, f64::INFINITY),
    };
    let may_leave_at_first = matches!(
        story,
        Story::AtOrders {
            leaving: Leaving::AtAnyOrder,
            ..
        }
    );
    if may_leave_at_first && rng.random::<f64>() < chance {
        end = 0.0;
    }
    let mut times = Vec::new();
    let mut time = exponential(rate, rng);
    while time <= end && time <= age + after {
        times.push(time);
        if rng.random::<f64>() < chance {
            end = time;
        }
        time += exponential(rate, rng);
    }
    let seen = times.partition_point(|time| *time <= age);
    let last = times[..seen].last().copied().unwrap_or(0.0);
    let repeats = u32::try_from(seen).expect("a count");
    Actor {
        history: History::new(repeats, last, age).expect("a history"),
        later: times[seen..].iter().map(|time| time - age).collect(),
    }
}

/// Histories of actors.
pub(crate) fn seen(actors: &[Actor]) -> impl Iterator<Item = History> + '_ {
    actors.iter().map(|actor| actor.history)
}

pub(crate) fn exponential(rate: f64, rng: &mut ChaCha8Rng) -> f64 {
    -(1.0 - rng.random::<f64>()).ln() / rate
}

/// A gamma variate of scale 1 (Marsaglia and Tsang 2000).
pub(crate) fn gamma(shape: f64, rng: &mut ChaCha8Rng) -> f64 {
    if shape < 1.0 {
        let less: f64 = 1.0 - rng.random::<f64>();
        return gamma(shape + 1.0, rng) * less.powf(1.0 / shape);
    }
    let d = shape - 1.0 / 3.0;
    let c = 1.0 / (9.0 * d).sqrt();
    loop {
        let x = normal(rng);
        let v = (1.0 + c * x).powi(3);
        if v > 0.0 && (1.0 - rng.random::<f64>()).ln() < 0.5 * x * x + d - d * v + d * v.ln() {
            return d * v;
        }
    }
}

fn normal(rng: &mut ChaCha8Rng) -> f64 {
    let radius = (-2.0 * (1.0 - rng.random::<f64>()).ln()).sqrt();
    radius * (std::f64::consts::TAU * rng.random::<f64>()).cos()
}
