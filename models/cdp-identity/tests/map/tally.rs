//! Figures that are carried from date to date.

use cdp_identity::{List, PreviousMap, Tally};

use crate::common::{config, resolve, rules};

/// A list that lost its first items is not made up from what is not known.
#[test]
fn a_list_that_runs_out_is_made_anew() {
    let rules = rules(&config());
    let row = |user: u32, email: u32| {
        let (user, email) = (format!("user_id:{user}"), format!("email:{email}"));
        (user, Some(email), "web".to_owned(), 1, 1, 1)
    };
    let seen: Vec<_> = (0..9).map(|n| row(n, n)).collect();
    let map = resolve(&rules, &seen, &[], &PreviousMap::new(), 9);
    let whole = map.tally(4);
    let largest = whole.list(List::LargestProfile);
    assert_eq!(largest.len(), 4);
    assert!(whole.lists[&List::LargestProfile].floor.is_some());
    let gone = Tally {
        lists: whole.lists.clone(),
        ..Tally::default()
    };
    assert_eq!(whole.changed(&gone, &Tally::default(), 1, 4), None);
    let nothing = Tally::default();
    assert_eq!(whole.changed(&nothing, &nothing, 4, 4), Some(whole.clone()));
}
