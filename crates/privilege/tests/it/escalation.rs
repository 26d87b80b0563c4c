//! Methods of escalation: what ships is whole, and what cannot be read is told by file, line, rule and cure.

use std::collections::BTreeSet;
use std::fmt::Debug;

use doorward_privilege::escalation::{Actor, Category, Gives, Kind, Need, On, Rule, Rules, State, Target};
use doorward_privilege::interest::Mask;
use proptest::prelude::*;

use crate::catalog::SHIPPED;

const JOIN: &str = "\
# a comment
- id: iam-013
  name: Join a group
  category: self-escalation
  actor: user
  target: group
  needs: [{permission: iam:AddUserToGroup, on: target}]
  where: [foreign]
  gives: policies-of-target
  fix: Do not.
  source: A page
";

fn read(text: &str) -> Result<Rules, String> {
    Rules::read([("a.yaml", text)]).map_err(|error| error.to_string())
}

/// What is wrong with the rule above after a change.
fn wrong(from: &str, to: &str) -> String {
    let text = JOIN.replace(from, to);
    assert_ne!(text, JOIN, "{from} does not stand in the rule");
    read(&text).err().unwrap_or_else(|| format!("{to} was read"))
}

#[test]
fn a_rule_is_read_whole() {
    let rule = Rule {
        id: "iam-013".into(),
        name: "Join a group".into(),
        category: Category::SelfEscalation,
        actor: Actor::User,
        target: Target::Group,
        needs: vec![Need {
            permission: "iam:AddUserToGroup".into(),
            on: On::Target,
            passed_to: None,
            attaches: None,
        }],
        trusts: Vec::new(),
        states: vec![State::Foreign],
        exists: Vec::new(),
        assumes: Vec::new(),
        gives: Gives::PoliciesOfTarget,
        fix: "Do not.".into(),
        source: "A page".into(),
    };
    assert_eq!(read(JOIN).map(|rules| rules.all().to_vec()), Ok(vec![rule]));
}

#[test]
fn words_that_are_not_known_are_errors() {
    let cases = [
        ("group\n", "crowd\n", "a.yaml:6: rule iam-013: .[0].target: unknown target `crowd`"),
        ("foreign", "alien", "a.yaml:8: rule iam-013: .[0].where[0]: unknown variant `alien`"),
        ("on: target", "on: moon", "a.yaml:7: rule iam-013: .[0].needs[0].on: unknown variant `moon`"),
        ("  fix", "  fax", "a.yaml:10: rule iam-013: .[0]: unknown field `fax`"),
        ("  fix: Do not.\n", "", "a.yaml:2: rule iam-013: .[0]: missing field `fix` at line 2 column 3"),
        (
            "gives",
            "exists: [moon:rock]\n  gives",
            "a.yaml:9: rule iam-013: .[0].exists[0]: unknown kind `moon:rock`",
        ),
        ("gives: p", "gives: {p", "a.yaml:9: rule iam-013: .[0].gives: invalid type: map"),
    ];
    for (from, to, expected) in cases {
        let shown = wrong(from, to);
        assert_eq!(shown.split(", expected").next(), Some(expected), "{shown}");
    }
}

#[test]
fn what_contradicts_itself_is_an_error_that_says_how_to_mend_it() {
    let cases = [
        ("Do not.", "''", "`fix` is empty; write a sentence"),
        ("foreign", "foreign, foreign", "item 2 of `where` stands there already; take it out"),
        (
            "foreign",
            "bounded",
            "`where` asks for a target with a permissions boundary, which a group cannot be",
        ),
        (
            "where",
            "trusts: [ec2.amazonaws.com]\n  where",
            "`trusts` is of roles; make the target a role, or leave it out",
        ),
        ("policies-of-target", "role-of-target", "what it gives asks for `runs-as-role` in `where`"),
        (
            "needs: [{permission: iam:AddUserToGroup, on: target}]\n  where: [foreign]",
            "needs: []",
            "asks for nothing; say in `needs` which permissions, or in `where` which state",
        ),
    ];
    for (from, to, expected) in cases {
        assert_eq!(wrong(from, to), format!("a.yaml:2: rule iam-013: {expected}"));
    }
    let letters = "the id may hold small letters, digits and hyphens only";
    assert_eq!(wrong("iam-013", "IAM 13"), format!("a.yaml:2: rule IAM 13: {letters}"));
    assert_eq!(wrong("iam-013", "''"), format!("a.yaml:2: rule : {letters}"));
}

#[test]
fn a_need_that_contradicts_itself_is_an_error_that_says_how_to_mend_it() {
    let cases = [
        ("Add*, on: target", "`iam:Add*` is no permission; write it as iam:PassRole, without wildcards"),
        (
            "PassRole, on: target",
            "`passed_to` stands with iam:PassRole and only there; mend the need iam:PassRole",
        ),
        (
            "AddUserToGroup, on: target, passed_to: lambda.amazonaws.com",
            "`passed_to` stands with iam:PassRole and only there; mend the need iam:AddUserToGroup",
        ),
        (
            "PassRole, on: target, passed_to: lambda",
            "`lambda` names no service; write it as lambda.amazonaws.com",
        ),
        (
            "AttachGroupPolicy, on: target",
            "`attaches` stands with iam:AttachUserPolicy, iam:AttachGroupPolicy, iam:AttachRolePolicy and only \
             there; mend the need iam:AttachGroupPolicy",
        ),
        (
            "AddUserToGroup, on: existing",
            "iam:AddUserToGroup is needed on something existing; say in `exists` what that is",
        ),
        (
            "AddUserToGroup, on: policy-of-target",
            "iam:AddUserToGroup is needed on a policy of the target; add `with-own-policy` to `where`",
        ),
    ];
    for (to, expected) in cases {
        assert_eq!(wrong("AddUserToGroup, on: target", to), format!("a.yaml:2: rule iam-013: {expected}"));
    }
    let assuming =
        "a.yaml:2: rule iam-013: whether a role may be assumed is a state; write `where: [assumable]`";
    assert_eq!(wrong("iam:AddUserToGroup", "sts:AssumeRole"), assuming);
}

#[test]
fn an_id_stands_once_in_all_files() {
    let twice = format!("{JOIN}\n{JOIN}");
    assert_eq!(
        read(&twice).map(drop),
        Err("a.yaml:14: rule iam-013: stands at a.yaml:2 already; give it another id".to_owned())
    );
    let error = Rules::read([("a.yaml", JOIN), ("b.yaml", JOIN)]).err().map(|error| error.to_string());
    let expected = "b.yaml:2: rule iam-013: stands at a.yaml:2 already; give it another id";
    assert_eq!(error.as_deref(), Some(expected));
}

#[test]
fn more_permissions_than_can_be_looked_for_are_refused() {
    let rule = |number: usize| {
        JOIN.replace("iam-013", &format!("iam-{number}")).replace("AddUserToGroup", &format!("Add{number}"))
    };
    let most: String = (0..Mask::PERMISSIONS_MAX).map(rule).collect();
    assert_eq!(read(&most).map(|rules| rules.all().len()), Ok(512));
    let more = format!("{most}{}", rule(Mask::PERMISSIONS_MAX));
    let said = "a.yaml:5634: rule iam-512: with it, more than 512 permissions are asked for; leave out rules that you do \
                not need";
    assert_eq!(read(&more).map(drop), Err(said.to_owned()));
}

proptest! {
    /// Rules in which any one character is another are read, or refused at a line that they have.
    #[test]
    fn damaged_rules_are_read_or_refused_with_their_line(at in 0..JOIN.len(), put in any::<char>()) {
        let mut text: Vec<char> = JOIN.chars().collect();
        text[at] = put;
        let text: String = text.into_iter().collect();
        if let Err(error) = Rules::read([("a.yaml", &*text)]) {
            // What ends a line in YAML, and not only in text.
            let lines = text.split(['\n', '\r', '\u{85}', '\u{2028}', '\u{2029}']).count();
            prop_assert!(error.line <= lines + 1, "{}", error);
            prop_assert!(error.to_string().starts_with("a.yaml:"), "{}", error);
        }
    }
}

#[test]
fn what_is_missing_is_said_in_words() {
    let rules = Rules::shipped().expect("the shipped rules are read");
    let sought = |id| rules.find(id).map(Rule::sought);
    let said = ["iam-002", "iam-017", "ec2-001", "lambda-004"].map(|id| sought(id).unwrap_or_default());
    let expected = [
        "a user with fewer than two access keys",
        "a role that it may assume and that can be changed",
        "a role that trusts ec2.amazonaws.com in an instance profile",
        "a Lambda function with a role",
    ];
    assert_eq!(said, expected);
    let needs = |id| rules.find(id).map_or(Vec::new(), |rule| rule.needs.iter().map(Need::words).collect());
    assert_eq!(
        ["iam-009", "iam-020", "glue-005"].map(needs),
        [
            vec!["iam:AttachRolePolicy on the target, of AdministratorAccess"],
            vec![
                "iam:CreatePolicyVersion on a policy of the target",
                "iam:UpdateAssumeRolePolicy on the target"
            ],
            vec![
                "iam:PassRole on the target, to glue.amazonaws.com",
                "glue:UpdateJob on an existing one",
                "glue:StartJobRun on an existing one"
            ],
        ]
    );
}

#[test]
fn every_word_is_used_by_what_ships() {
    let rules = Rules::shipped().unwrap();
    let rules = rules.all();
    // Of each enumeration, all that is used, by its name; the enumerations cannot be listed, so what they hold is told
    // by the error at a word that is none of them.
    let states: BTreeSet<_> = rules.iter().flat_map(|rule| &rule.states).map(seen).collect();
    assert_eq!(states, known("where: [foreign]", "where: [x]"));
    let gives: BTreeSet<_> = rules.iter().map(|rule| seen(rule.gives)).collect();
    assert_eq!(gives, known("gives: policies-of-target", "gives: x"));
    let actors: BTreeSet<_> = rules.iter().map(|rule| seen(rule.actor)).collect();
    assert_eq!(actors, known("actor: user", "actor: x"));
    let categories: BTreeSet<_> = rules.iter().map(|rule| seen(rule.category)).collect();
    assert_eq!(categories, known("category: self-escalation", "category: x"));
    let places: BTreeSet<_> = rules.iter().flat_map(|rule| &rule.needs).map(|need| seen(need.on)).collect();
    assert_eq!(places, known("on: target", "on: x"));
    let kinds: BTreeSet<_> = rules
        .iter()
        .flat_map(|rule| {
            let target = if let Target::Thing(kind) = rule.target { Some(kind) } else { None };
            rule.exists.iter().copied().chain(target)
        })
        .collect();
    assert_eq!(kinds, Kind::ALL.iter().copied().collect());
}

/// The words that are known where one is not, as `seen` writes variants.
fn known(from: &str, to: &str) -> BTreeSet<String> {
    wrong(from, to).split('`').skip(3).step_by(2).map(|word| word.replace('-', "")).collect()
}

fn seen(variant: impl Debug) -> String {
    format!("{variant:?}").to_lowercase()
}

#[test]
fn kinds_stand_in_the_order_of_their_words_and_know_their_arns() {
    let words: Vec<&str> = Kind::ALL.iter().map(|kind| kind.word()).collect();
    assert!(words.is_sorted(), "{words:?}");
    assert_eq!(
        words.iter().map(|word| Kind::of(word)).collect::<Vec<_>>(),
        Kind::ALL.iter().copied().map(Some).collect::<Vec<_>>()
    );
    assert_eq!(Kind::Function.arns("111122223333"), "arn:*:lambda:*:111122223333:function:*");
    let apart = Kind::ALL.iter().filter(|kind| {
        let (service, of) = kind.word().split_once(':').unwrap();
        let arn = kind.arns("1");
        !arn.starts_with(&format!("arn:*:{service}:")) || !arn.contains(of)
    });
    assert_eq!(apart.collect::<Vec<_>>(), Vec::<&Kind>::new());
}

#[test]
fn every_permission_is_known_and_written_as_aws_writes_it() {
    let rules = Rules::shipped().unwrap();
    let asked: BTreeSet<&str> = rules.all().iter().flat_map(Rule::permissions).collect();
    let known: BTreeSet<&str> =
        asked.iter().filter_map(|name| SHIPPED.find(name)).map(|id| SHIPPED.name(id)).collect();
    assert_eq!(asked, known);
    assert!(asked.len() > 100, "{asked:?}");
}

#[test]
fn permissions_are_asked_on_what_they_act_on() {
    let rules = Rules::shipped().unwrap();
    let mut apart = Vec::new();
    for rule in rules.all() {
        for need in &rule.needs {
            let arns = match (need.on, rule.exists.first()) {
                (On::Target, _) => arns_of(rule.target, rule.actor),
                (On::Existing, Some(kind)) => arns_of(Target::Thing(*kind), rule.actor),
                _ => continue,
            };
            let id = SHIPPED.find(&need.permission).unwrap();
            // What acts on no resource in particular is asked on any.
            if !SHIPPED.acts_on(id).is_empty() && !arns.iter().any(|arn| SHIPPED.takes(id, arn)) {
                apart.push(format!("{} asks {} on {arns:?}", rule.id, need.permission));
            }
        }
    }
    assert_eq!(apart, Vec::<String>::new());
}

/// ARNs of a target, of which one is as those of its kind are.
fn arns_of(target: Target, actor: Actor) -> Vec<String> {
    let iam = |kind: &str| vec![format!("arn:aws:iam::111122223333:{kind}/one")];
    match (target, actor) {
        (Target::Itself, Actor::User) | (Target::User, _) => iam("user"),
        (Target::Itself | Target::Role, _) => iam("role"),
        (Target::OwnGroup | Target::Group, _) => iam("group"),
        (Target::OwnPolicy, _) => iam("policy"),
        (Target::OwnPermissionSet, _) => vec!["arn:aws:sso:::permissionSet/ssoins-1/ps-1".to_owned()],
        (Target::SamlProvider, _) => iam("saml-provider"),
        (Target::Thing(kind), _) => {
            let arn = kind.arns("111122223333").replacen('*', "aws", 1).replacen(":*:", ":us-east-1:", 1);
            ["one", "one/two", "one:2"].map(|name| arn.replace('*', name)).to_vec()
        }
    }
}
