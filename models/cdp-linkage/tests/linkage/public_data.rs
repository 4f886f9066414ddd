//! Figures to hold on public data, with the one configuration there is: the default.

use std::env;

use cdp_linkage::{LinkageConfig, RawLinkageConfig, link};

use crate::measure::{Figures, SETS, read, shared};

/// Lowest precision and F1 at a match probability of 0.95.
const FLOORS: [(&str, f64, f64); 4] = [
    ("FEBRL 1", 1.0, 0.997),
    ("FEBRL 2", 1.0, 0.999),
    ("FEBRL 3", 1.0, 0.999),
    ("fake_1000", 0.995, 0.970),
];

#[test]
#[expect(clippy::print_stderr, reason = "a skipped test says so")]
fn public_data_come_out_as_known() {
    let config = LinkageConfig::from_raw(&RawLinkageConfig::default()).expect("sound defaults");
    for (set, (name, precision, f1)) in SETS.iter().zip(FLOORS) {
        assert_eq!(set.name, name);
        let Some((records, truth)) = read(set, &config) else {
            let missing = format!("there is no {} in {}", set.file, shared().display());
            assert!(
                env::var_os("CDP_SKIP_NOTHING").is_none(),
                "nothing may be skipped, and {missing}"
            );
            eprintln!("{name}: skipped, {missing}");
            continue;
        };
        let linkage = link(&config, &records, 2);
        let figures = Figures::of(&linkage.clusters(0.95), &truth);
        assert!(linkage.model().converged, "{name}: {}", linkage.model());
        assert!(figures.precision >= precision, "{name}: {figures:?}");
        assert!(
            figures.f1 >= f1 && figures.recall > 0.9,
            "{name}: {figures:?}"
        );
    }
}
