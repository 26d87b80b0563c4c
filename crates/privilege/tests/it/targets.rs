//! On which members of a large pool something holds, beside what asking about each shows.

use std::sync::Arc;

use doorward_privilege::document::{Document, Effect};
use doorward_privilege::targets::{Certainty, Extent, Matches, Numbered, Pool, Said};

use crate::ask::document;

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
struct Role(usize);

impl Numbered for Role {
    fn number(self) -> usize {
        self.0
    }
}

fn arn(role: Role) -> String {
    format!("arn:aws:iam::111122223333:role/r-{:04}", role.0)
}

/// Whether the statements of all documents allow it on an ARN.
fn allows(documents: &[&Document], arn: &str) -> bool {
    let says = |effect: Effect| {
        let statements = documents.iter().flat_map(|document| &document.statements);
        let mut patterns = statements
            .filter(|one| one.effect == effect)
            .flat_map(|one| one.resources.iter().flat_map(|selection| selection.named()));
        patterns.any(|pattern| pattern.matches(arn))
    };
    says(Effect::Allow) && !says(Effect::Deny)
}

/// What was found for the patterns of one is not taken for what those of another match.
#[test]
fn patterns_are_told_apart_in_a_pool_that_is_asked_again_and_again() {
    let statement = |effect: &str, pattern: &str| {
        let arn = format!("arn:aws:iam::*:role/{pattern}");
        document(&format!(r#"{{"Effect":"{effect}","Action":"sts:AssumeRole","Resource":"{arn}"}}"#))
    };
    let everything = statement("Allow", "*");
    let patterns = ["r-1*", "*7", "*3*", "r-?1??", "r-12*", "*99", "*0*", "r-00*", "*4", "*55*"];
    let denials: Vec<Document> = patterns.map(|pattern| statement("Deny", pattern)).into();
    let roles = || (0..1_500).map(Role);
    let pool = Pool::new(roles().map(|role| (Arc::from(arn(role)), role)).collect());
    let mut matches = Matches::default();
    for round in 0..3 * denials.len() {
        let policies =
            [&everything, &denials[round % denials.len()], &denials[(round * 7 + 3) % denials.len()]];
        let limits = std::iter::empty::<std::iter::Empty<&Document>>();
        let said = Said::new(policies.into_iter(), limits, "sts:assumerole");
        let found = pool
            .extent(&said, &mut matches, &mut |arn, _| allows(&policies, arn).then_some(Certainty::Certain));
        let expected = roles().filter(|role| allows(&policies, &arn(*role)));
        let expected = expected.map(|role| (role, Certainty::Certain)).collect();
        assert_eq!(found, Extent::Some(expected), "round {round}");
    }
}
