//! `entities.yaml` in, rows out.

use std::sync::Arc;

use doorward_model::identity::IdentityKind;
use doorward_policy::entities::{ERRORS_MAX, EntitiesError, Fault, parse, read};
use doorward_policy::policy_set::load::Source;
use doorward_views::snapshot::attribute::Attribute;
use doorward_views::snapshot::entity::Name;
use doorward_views::snapshot::writer::EntityRow;

#[test]
fn every_part_of_a_row_is_read() {
    let text = r#"
entities:
  - type: Acme::user
    id: rick@example.org
    identity: human
    account: "111122223333"
    aliases: [CiRm, 'login::"rick"']
    parents: ['Acme::group::"admins"', 'everybody']
    attributes: {level: 3, admin: true, rate: 0.5, none: null, roles: [a, b], home: {city: Rome}}
    tags: {team: red}
"#;
    let text_value = |text: &str| Attribute::Text(text.into());
    let pair = |name: &str, value| (Arc::<str>::from(name), value);
    let expected = EntityRow {
        name: Name::new("Acme::user", "rick@example.org"),
        identity: Some(IdentityKind::Human),
        account: "111122223333".into(),
        attributes: [
            pair("admin", Attribute::Bool(true)),
            pair("home", Attribute::Record([pair("city", text_value("Rome"))].into_iter().collect())),
            pair("level", Attribute::Long(3)),
            pair("rate", Attribute::Call("decimal".into(), [text_value("0.5000")].into())),
            pair("roles", Attribute::Set([text_value("a"), text_value("b")].into())),
        ]
        .into_iter()
        .collect(),
        tags: [pair("team", text_value("red"))].into_iter().collect(),
        parents: vec![Name::new("Acme::group", "admins"), Name::new("Acme::user", "everybody")],
        aliases: vec![Name::new("Acme::user", "CiRm"), Name::new("login", "rick")],
    };
    assert_eq!(parse(text), Ok(vec![expected]));
}

#[test]
fn what_cannot_be_read_is_named() {
    let error = |rows: &str| parse(&format!("entities:\n{rows}")).map_err(|error| error.to_string());
    assert_eq!(
        error("  - {type: user, id: a, identity: robot}"),
        Err("cannot read the identity kind \"robot\", expected one of human, service, workload, agent, vendor_app, external".to_owned())
    );
    assert_eq!(
        error("  - {type: user, id: a, parents: ['group::\"b']}"),
        Err("cannot read the name \"group::\\\"b\", expected an id or type::\"id\"".to_owned())
    );
    let form = parse("entities:\n  - {type: user, id: a, colour: red}");
    let Err(EntitiesError { line: 2, fault: Fault::Form(message) }) = form else {
        panic!("{form:?}");
    };
    assert!(message.contains("colour") && message.contains("line 2"), "{message}");
}

#[test]
fn an_entity_stands_in_one_place_and_errors_name_it() {
    let check = |files: &[(&str, &str)]| {
        let source = |(path, text): &(&str, &str)| Source { path: (*path).into(), text: (*text).into() };
        let found = read(&files.iter().map(source).collect::<Vec<_>>());
        let named = |rows: Vec<EntityRow>| rows.iter().map(|row| row.name.id.to_string()).collect::<Vec<_>>();
        found.map(named).map_err(|errors| errors.iter().map(ToString::to_string).collect::<Vec<_>>())
    };
    let people = "entities:\n  - {type: user, id: a}\n\n  # Ben\n  - type: user\n    id: b\n";
    let groups = "entities: [{type: group, id: a},\n {type: group, id: b, parents: [a]}]";
    let both = [("p.yaml", people), ("g.yaml", groups)];
    assert_eq!(check(&both), Ok(["a", "b", "a", "b"].map(str::to_owned).into()));
    assert_eq!(
        check(&[("p.yaml", people), ("q.yaml", people)]),
        Err(vec![
            "q.yaml:2: user::\"a\" stands at p.yaml:2 already".to_owned(),
            "q.yaml:5: user::\"b\" stands at p.yaml:5 already".to_owned(),
        ])
    );
    let twice =
        "entities:\n- type: user\n  id: a\n- {type: user, id: c, identity: human}\n- type: user\n  id: a";
    assert_eq!(
        check(&[("p.yaml", twice), ("q.yaml", "entities: 1"), ("r.yaml", "entities:\n- {type: user, id: x, aliases: ['\"']}")]),
        Err(vec![
            "p.yaml:5: user::\"a\" stands at p.yaml:2 already".to_owned(),
            "q.yaml:1: cannot read entities: entities: invalid type: integer `1`, expected a sequence at line 1 column 11".to_owned(),
            "r.yaml:2: cannot read the name \"\\\"\", expected an id or type::\"id\"".to_owned(),
        ])
    );
    let aliases =
        "entities:\n- {type: user, id: a, aliases: [x, x, a, 'login::\"z\"']}\n- {type: login, id: y}";
    assert_eq!(check(&[("p.yaml", aliases)]), Ok(["a", "y"].map(str::to_owned).into()));
    let others = "entities:\n- {type: user, id: b, aliases: [w, 'login::\"z\"']}\n- {type: user, id: x}\n- {type: user, id: c, aliases: ['login::\"y\"']}";
    assert_eq!(
        check(&[("p.yaml", aliases), ("q.yaml", others)]),
        Err(vec![
            "q.yaml:2: login::\"z\" is an alias here, and one of another entity at p.yaml:2 already"
                .to_owned(),
            "q.yaml:3: user::\"x\" is an entity here, and an alias at p.yaml:2 already".to_owned(),
            "q.yaml:4: login::\"y\" is an alias here, and an entity at p.yaml:3 already".to_owned(),
        ])
    );
    let many = format!("entities:\n{}", "- {type: user, id: a}\n".repeat(1_000));
    assert_eq!(check(&[("p.yaml", &many)]).map_err(|errors| errors.len()), Err(ERRORS_MAX));
    let ring = "entities:\n- {type: group, id: a, parents: [b]}\n- {type: group, id: b, parents: [a]}";
    assert_eq!(
        check(&[("g.yaml", ring)]),
        Err(vec!["g.yaml:3: group::\"b\" would be a member of itself through group::\"a\"".to_owned()])
    );
}
