//! `entities.yaml` in, rows out.

use std::sync::Arc;

use doorward_model::identity::IdentityKind;
use doorward_policy::entities::{EntitiesError, parse};
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
    assert_eq!(
        error("  - {type: user, id: a}\n  - {type: user, id: a}"),
        Err("user::\"a\" stands there twice".to_owned())
    );
    let form = parse("entities:\n  - {type: user, id: a, colour: red}");
    let Err(EntitiesError::Form(message)) = form else {
        panic!("{form:?}");
    };
    assert!(message.contains("colour") && message.contains("line 2"), "{message}");
}
