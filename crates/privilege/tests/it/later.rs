//! The law of change: after any changes, one by one, an atlas answers as one that is made of the rows as they are then.

mod bound;
mod documents;
mod monotone;
mod people;
mod portrait;
mod world;

use doorward_privilege::atlas::Atlas;
use proptest::prelude::*;

use self::portrait::portrait;
use self::world::{BOUNDED_ROWS, Changed, ROWS, Values, World};
use crate::support;

fn atlas(world: &World, values: &Values) -> Atlas {
    support::atlas(support::Rows(world.export(values)).estate())
}

/// Each change leads to what a new atlas of the rows shows, and leaves the older one as it was.
fn follow(world: &World, first: Values, changes: Vec<Changed>) -> Result<(), TestCaseError> {
    let mut values = first;
    let mut later = atlas(world, &values);
    for change in changes {
        let before = portrait(&later);
        let rows = world.change(&mut values, &change);
        let next = later.later(&rows).unwrap();
        let anew = portrait(&atlas(world, &values));
        let got = portrait(&next);
        prop_assert_eq!(got.differences(&anew), Vec::<String>::new(), "after {:?}", rows);
        prop_assert_eq!(portrait(&later).differences(&before), Vec::<String>::new(), "the older one stays");
        later = next;
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: ProptestConfig::default().cases / 4, max_shrink_iters: 100, ..ProptestConfig::default() })]

    #[test]
    fn a_changed_atlas_answers_as_a_new_one(
        first in world::values(),
        changes in prop::collection::vec(world::change_of(ROWS), 1..7),
    ) {
        follow(&World::new(), first, changes)?;
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: ProptestConfig::default().cases / 2, max_shrink_iters: 100, ..ProptestConfig::default() })]

    #[test]
    fn a_changed_atlas_tells_those_apart_whom_policies_do(
        first in world::values_of((BOUNDED_ROWS, 0.9)),
        changes in prop::collection::vec(world::change_of(BOUNDED_ROWS), 1..7),
    ) {
        follow(&World::bounded(), first, changes)?;
    }
}
