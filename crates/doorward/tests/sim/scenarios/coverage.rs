//! Every word that the product can answer, find, place or be set to stands in a scenario, and `scenarios/README.md`
//! says in which.

use std::fmt::Write as _;
use std::fs;

use doorward_detect::TYPES;
use doorward_model::decision::{Mode, Reason};
use doorward_model::hold::HoldProfile;

use crate::scenarios::{files, folder};

/// Words that no scenario can lead to, and where they are tested.
const ELSEWHERE: [(&str, &str); 6] = [
    ("new-pep", "`crates/serve/tests/it/authzen.rs`: it is said beside the decision, at the door"),
    ("malformed", "`crates/serve/tests/it/authzen.rs`: a scenario cannot write what is no question"),
    ("too-wide", "`crates/policy/tests/it/oracle.rs`: it takes more entities than a scenario should name"),
    ("escalation-opened", "`crates/detect/tests/it/opened.rs`: a scenario has no exports"),
    ("tier-zero-path-opened", "`crates/privilege/tests/it/news.rs`: a scenario has no exports"),
    ("outside-trust-opened", "`crates/detect/tests/it/opened.rs`: a scenario has no exports"),
];

#[test]
fn every_word_is_in_a_scenario_and_the_page_says_in_which() {
    let path = folder("scenarios").join("README.md");
    let told = fs::read_to_string(&path).unwrap();
    let (intro, _) = told.split_once(BEGIN).expect("the page has its table");
    let expected = format!("{intro}{BEGIN}{}", table());
    if std::env::var_os("DOORWARD_WRITE").is_some() {
        fs::write(&path, &expected).unwrap();
    }
    assert_eq!(
        told, expected,
        "write the page with: DOORWARD_WRITE=1 cargo test -p doorward --test sim word"
    );
}

/// The words by kind, each with its scenarios.
fn table() -> String {
    let texts: Vec<_> = files(&folder("scenarios"), "yaml")
        .into_iter()
        .map(|path| {
            (path.file_stem().unwrap().to_string_lossy().into_owned(), fs::read_to_string(path).unwrap())
        })
        .collect();
    let reasons = (1..).map_while(|number| Reason::try_from(number).ok()).map(Reason::code).collect();
    let profiles = HoldProfile::ALL.map(HoldProfile::word).to_vec();
    let modes = [Mode::Learn, Mode::Shadow, Mode::Enforce].map(Mode::word).to_vec();
    let kinds: [Kind; 5] = [
        ("Reasons of a decision", reasons, |text, word| any(text, "reasons: [", word)),
        ("Types of findings", TYPES.map(|known| known.name).to_vec(), |text, word| {
            any(text, "expect_findings:", word)
        }),
        ("Profiles of holds", profiles, |text, word| any(text, "profile: ", word) || any(text, "- '", word)),
        ("Modes", modes, |text, word| any(text, "mode: ", word) || any(text, "peps: {", word)),
        ("Modes of response", vec!["record", "shadow", "enforce"], |text, word| {
            any(text, "response: ", word)
        }),
    ];
    let mut table = String::new();
    for (title, words, is_in) in kinds {
        write!(table, "\n## {title}\n\n| word | scenarios |\n| --- | --- |\n").unwrap();
        for word in words {
            let stories: Vec<_> = texts
                .iter()
                .filter(|(_, text)| is_in(text, word))
                .map(|(name, _)| format!("`{name}`"))
                .collect();
            let elsewhere = ELSEWHERE.iter().find(|known| known.0 == word).map(|known| known.1.to_owned());
            let told = if stories.is_empty() { elsewhere } else { Some(stories.join(", ")) };
            let told = told.unwrap_or_else(|| panic!("no scenario has {word:?} among the {title}"));
            writeln!(table, "| `{word}` | {told} |").unwrap();
        }
    }
    table
}

/// A title, its words, and whether a word of this kind stands in a scenario.
type Kind = (&'static str, Vec<&'static str>, fn(&str, &str) -> bool);

/// Whether a word stands after a mark, in its line or in the list that it opens.
fn any(text: &str, mark: &str, word: &str) -> bool {
    text.match_indices(mark).any(|(at, _)| {
        let after = text.get(at + mark.len()..).unwrap_or_default();
        let indent = |line: &str| line.len() - line.trim_start().len();
        let mut lines = after.lines();
        let first = lines.next().unwrap_or_default();
        let list = lines.take_while(|line| line.trim_start().starts_with("- ") && indent(line) > 2);
        let is_word = |part: &str| part == word;
        let split =
            |line: &str| line.split(|letter: char| !letter.is_alphanumeric() && letter != '-').any(is_word);
        std::iter::once(first).chain(list).any(split)
    })
}

const BEGIN: &str = "<!-- The rest is written by a test. -->\n";
