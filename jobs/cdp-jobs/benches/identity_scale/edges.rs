//! People of 2 to 50 identifiers, most of them small, half chained and half around a user id.
#![expect(clippy::cast_possible_truncation, reason = "places in memory")]

use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, BufWriter, Write as _};
use std::path::Path;

/// One edge in so many goes to a stranger.
const STRAY_EVERY: u64 = 5000;
const DAY_SECONDS: u64 = 86_400;
const HEADER: &str = "event_id,event_type,device_id,user_id,occurred_at,ingested_at,\
     screen,product_id,cart_id";

/// Edges between numbered identifiers.
pub(crate) struct Edges {
    people: Vec<(u32, u32)>,
    types: Vec<&'static str>,
    pub(crate) all: Vec<(u32, u32)>,
    /// How many of the edges are of the first day.
    pub(crate) first_day: usize,
}

impl Edges {
    /// So many different edges over half as many identifiers, in no order.
    pub(crate) fn new(count: usize) -> Self {
        let mut edges = Self {
            people: Vec::new(),
            types: Vec::new(),
            all: Vec::with_capacity(count + count / 50),
            first_day: count,
        };
        while edges.types.len() < count / 2 {
            let turn = edges.types.len() as u64;
            let size = 2 + scatter(turn) % 49 * (scatter(turn + 7) % 49) / 48;
            edges.add_person(number(size));
        }
        let strays = (count as u64).div_ceil(STRAY_EVERY);
        for turn in 0..strays {
            edges.add_stray(turn);
        }
        // A tree first, then edges between those who are near each other in it.
        for step in 0..3 {
            edges.add_within(step);
        }
        edges.all.truncate(count);
        shuffle(&mut edges.all);
        edges
    }

    /// Adds a day on which some people come back with new identifiers, and some are new.
    pub(crate) fn add_day(&mut self, count: usize) {
        let (known, end) = (self.people.len() as u64, self.all.len() + count);
        let mut turn = 0_u64;
        while self.all.len() < end {
            let new = if turn.is_multiple_of(4) {
                let user = self.add_person(4);
                [(1, 0), (2, 1), (3, 2), (2, 0)].map(|(one, other)| (user + one, user + other))
            } else {
                let (user, _) = self.people[(scatter(turn + (1 << 40)) % known) as usize];
                let cookie = self.add_types(&["anonymous_id", "device_id"]);
                let device = cookie + 1;
                [
                    (cookie, user),
                    (cookie, user + 1),
                    (device, user),
                    (device, cookie),
                ]
            };
            self.all.extend(new);
            if turn.is_multiple_of(STRAY_EVERY / 4) {
                self.add_stray(turn + (1 << 41));
            }
            turn += 1;
        }
        self.all.truncate(end);
        shuffle(&mut self.all[self.first_day..]);
    }

    /// How many identifiers there are.
    pub(crate) fn identifiers(&self) -> usize {
        self.types.len()
    }

    /// The identifiers as numbers that say nothing of who belongs together.
    pub(crate) fn scattered(&self) -> Vec<(u32, u32)> {
        let count = self.types.len() as u64;
        let scattered = |node: u32| number(u64::from(node) * 2_654_435_761 % count);
        let edges = self.all[..self.first_day].iter();
        edges
            .map(|(one, other)| (scattered(*one), scattered(*other)))
            .collect()
    }

    /// Some edges as rows of `raw.app_events`.
    pub(crate) fn write_csv(&self, path: &Path, is_first_day: bool) -> io::Result<()> {
        let mut file = BufWriter::new(File::create(path)?);
        writeln!(file, "{HEADER}")?;
        let (mut left, mut right) = (String::new(), String::new());
        let begin = if is_first_day { 0 } else { self.first_day };
        let edges = if is_first_day {
            &self.all[..self.first_day]
        } else {
            &self.all[begin..]
        };
        for (place, (one, other)) in (begin..).zip(edges) {
            self.text(*one, &mut left);
            self.text(*other, &mut right);
            let second = scatter(place as u64) % DAY_SECONDS;
            let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
            let day = if is_first_day {
                "2025-12-31"
            } else {
                "2026-01-01"
            };
            let time = format!("{day}T{hour:02}:{minute:02}:{second:02}Z");
            writeln!(file, "{place},login,{left},{right},{time},{time},,,")?;
        }
        file.flush()
    }

    fn text(&self, node: u32, text: &mut String) {
        text.clear();
        let name = self.types[node as usize];
        // Writing to a string cannot fail.
        let _ = write!(text, "{name}:{:016x}{node:07}", scatter(node.into()));
    }

    fn add_person(&mut self, size: u32) -> u32 {
        let place = |place| match place {
            0 => "user_id",
            1 | 3 => "email",
            2 => "phone",
            place if place % 4 == 0 => "device_id",
            _ => "anonymous_id",
        };
        let types: Vec<_> = (0..size).map(place).collect();
        let first = self.add_types(&types);
        self.people.push((first, size));
        first
    }

    fn add_types(&mut self, types: &[&'static str]) -> u32 {
        let first = number(self.types.len() as u64);
        self.types.extend(types);
        first
    }

    /// From every identifier of a person to the one so many steps before it, or to the centre.
    fn add_within(&mut self, step: u32) {
        for (first, size) in &self.people {
            let is_star = scatter(u64::from(*first)).is_multiple_of(2);
            for one in step + 1..*size {
                let other = match (is_star, step) {
                    (true, 0) => 0,
                    (true, step) => one - step,
                    (false, step) => one - 1 - step,
                };
                self.all.push((first + one, first + other));
            }
        }
    }

    fn add_stray(&mut self, turn: u64) {
        let count = self.people.len() as u64;
        let [(one, size), (other, _)] =
            [turn, turn + 1].map(|turn| self.people[(scatter(turn * 2) % count) as usize]);
        if one != other {
            self.all.push((one + size - 1, other));
        }
    }
}

fn shuffle(edges: &mut [(u32, u32)]) {
    for place in (1..edges.len()).rev() {
        edges.swap(place, (scatter(place as u64) % (place as u64 + 1)) as usize);
    }
}

fn number(count: u64) -> u32 {
    u32::try_from(count).expect("fewer identifiers than four billion")
}

fn scatter(number: u64) -> u64 {
    let mixed = (number ^ number >> 31).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
    mixed ^ mixed >> 31
}
