//! Tables of what is true of real exports, worked out by hand.

use std::collections::BTreeMap;

use doorward_privilege::escalation::Rules;
use serde::Deserialize;

/// What is true of the principals of an account.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Truth {
    pub(crate) account: String,
    pub(crate) principals: Vec<Row>,
}

/// What is true of a principal.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Row {
    /// What stands after the account in its ARN.
    pub(crate) name: String,
    pub(crate) answer: Answer,
    /// Whether it is allowed everything already.
    pub(crate) admin: bool,
    /// The first step, by the id of its method.
    pub(crate) by: Option<String>,
    /// Why.
    pub(crate) because: String,
}

/// Whether a principal can become administrator.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Answer {
    Now,
    Latent,
    None,
}

/// The account into which iam-vulnerable was deployed.
pub(crate) fn iam_vulnerable() -> Truth {
    yaml_serde::from_str(include_str!("../../testdata/truth/iam-vulnerable.yaml")).unwrap()
}

#[test]
fn a_row_names_its_first_step_where_there_is_one() {
    let truth = iam_vulnerable();
    let rules = Rules::shipped().unwrap();
    let wrong = |row: &&Row| {
        let known = row.by.as_ref().is_some_and(|id| rules.find(id).is_some());
        let told = known == (row.answer != Answer::None) && (known || row.by.is_none());
        !told || (row.admin && row.answer != Answer::None) || row.because.is_empty()
    };
    let wrong: Vec<&str> = truth.principals.iter().filter(wrong).map(|row| &*row.name).collect();
    assert_eq!(wrong, Vec::<&str>::new());
    let mut answers = BTreeMap::new();
    for row in &truth.principals {
        *answers.entry((row.answer, row.admin)).or_insert(0) += 1;
    }
    let expected = [
        ((Answer::Now, false), 47),
        ((Answer::Latent, false), 20),
        ((Answer::None, false), 17),
        ((Answer::None, true), 2),
    ];
    assert_eq!(answers, BTreeMap::from(expected));
}
