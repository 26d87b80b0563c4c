//! The law of change: after any changes, one by one, an atlas answers as one that is made of the rows as they are then.

mod documents;
mod monotone;
mod people;
mod portrait;
mod world;

use doorward_privilege::atlas::Atlas;
use proptest::prelude::*;

use self::portrait::portrait;
use self::world::{Values, World};
use crate::support;

fn atlas(world: &World, values: &Values) -> Atlas {
    support::atlas(support::Rows(world.export(values)).estate())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: ProptestConfig::default().cases / 4, max_shrink_iters: 100, ..ProptestConfig::default() })]

    #[test]
    fn a_changed_atlas_answers_as_a_new_one(
        first in world::values(),
        changes in prop::collection::vec(world::change(), 1..7),
    ) {
        let world = World::new();
        let mut values = first;
        let mut later = atlas(&world, &values);
        for change in changes {
            let before = portrait(&later);
            let rows = world.change(&mut values, &change);
            let next = later.later(&rows).unwrap();
            let anew = portrait(&atlas(&world, &values));
            let got = portrait(&next);
            prop_assert_eq!(got.differences(&anew), Vec::<String>::new(), "after {:?}", rows);
            prop_assert_eq!(portrait(&later).differences(&before), Vec::<String>::new(), "the older one stays");
            later = next;
        }
    }
}
