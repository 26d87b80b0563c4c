//! Sets of permissions, alone and interned, are as sets of numbers.

use std::collections::BTreeSet;

use doorward_privilege::catalog::PermissionId;
use doorward_privilege::document::Selection;
use doorward_privilege::pattern::Pattern;
use doorward_privilege::permission_set::PermissionSet;
use doorward_privilege::sets::{SetId, Sets};
use proptest::collection::vec;
use proptest::prelude::*;

use crate::catalog::SHIPPED;

/// Permissions of few words, so that sets meet.
fn permissions() -> impl Strategy<Value = Vec<u16>> {
    vec((0..5u16, 0..64u16).prop_map(|(word, bit)| word * 3000 + bit), 0..40)
}

fn set(permissions: &[u16]) -> PermissionSet {
    permissions.iter().copied().map(PermissionId).collect()
}

fn numbers(set: &PermissionSet) -> Vec<u16> {
    set.iter().map(|id| id.0).collect()
}

proptest! {
    #[test]
    fn sets_join_as_sets_of_numbers_do(one in permissions(), two in permissions(), probe in 0..16_000u16) {
        let (left, right) = (set(&one), set(&two));
        let (one, two): (BTreeSet<u16>, BTreeSet<u16>) = (one.into_iter().collect(), two.into_iter().collect());
        prop_assert_eq!(numbers(&left), one.iter().copied().collect::<Vec<_>>());
        prop_assert_eq!(numbers(&left.and(&right)), one.intersection(&two).copied().collect::<Vec<_>>());
        prop_assert_eq!(numbers(&left.or(&right)), one.union(&two).copied().collect::<Vec<_>>());
        prop_assert_eq!(numbers(&left.minus(&right)), one.difference(&two).copied().collect::<Vec<_>>());
        prop_assert_eq!((left.len(), left.is_empty()), (one.len(), one.is_empty()));
        prop_assert_eq!(left.shared(&right), one.intersection(&two).count());
        prop_assert_eq!(left.is_subset(&right), one.is_subset(&two));
        prop_assert_eq!(left.contains(PermissionId(probe)), one.contains(&probe));
        prop_assert_eq!(left == right, one == two);
    }

    #[test]
    fn interned_sets_are_equal_when_their_numbers_are(one in permissions(), two in permissions(), seed: u64) {
        let mut sets = Sets::new(&SHIPPED, seed);
        let (left, right) = (set(&one), set(&two));
        let (a, b) = (sets.intern(left.clone()), sets.intern(right.clone()));
        prop_assert_eq!(a == b, left == right);
        let operations = [
            (sets.and(a, b), left.and(&right)),
            (sets.or(a, b), left.or(&right)),
            (sets.minus(a, b), left.minus(&right)),
            (sets.and(a, SetId::ALL), left.clone()),
            (sets.or(SetId::EMPTY, a), left),
            (sets.minus(SetId::ALL, b), SHIPPED.all().minus(&right)),
            (sets.minus(a, SetId::ALL), PermissionSet::new()),
            (sets.or(a, SetId::ALL), SHIPPED.all().clone()),
        ];
        for (number, expected) in operations {
            prop_assert_eq!(sets.get(number), &expected);
            prop_assert_eq!(sets.intern(expected), number);
        }
    }
}

#[test]
fn what_a_statement_names_is_one_set_however_it_is_written() {
    let mut sets = Sets::new(&SHIPPED, 7);
    let patterns = |texts: &[&str]| texts.iter().map(|text| Pattern::of_permission(text)).collect::<Vec<_>>();
    let one = sets.selected(&Selection::Only(patterns(&["kms:Encrypt", "KMS:Decrypt", "sts:assumerole"])));
    let other = sets.selected(&Selection::Only(patterns(&["sts:AssumeRole", "kms:?ecrypt", "kms:encrypt*"])));
    assert_eq!(one, other);
    let names: Vec<&str> = sets.get(one).iter().map(|id| SHIPPED.name(id)).collect();
    assert_eq!(names, ["kms:Decrypt", "kms:Encrypt", "sts:AssumeRole"]);
    let rest = sets.selected(&Selection::AllBut(patterns(&["kms:*", "sts:*"])));
    assert_eq!(
        sets.get(rest).len(),
        SHIPPED.len() - sets.get(rest).shared(sets.get(one)) - count("kms:") - count("sts:")
    );
    assert_eq!(sets.selected(&Selection::AllBut(patterns(&["*"]))), SetId::EMPTY);
    assert_eq!(sets.selected(&Selection::Only(patterns(&["*:*"]))), SetId::ALL);
}

fn count(prefix: &str) -> usize {
    SHIPPED.all().iter().filter(|id| SHIPPED.lower_name(*id).starts_with(prefix)).count()
}
