//! What templates may say, what is refused and where, and which of several is taken.

use super::*;
use crate::document::parse_yaml;
use crate::words::LANGUAGES;
use proptest::prelude::*;

fn filled(text: &str, set: &[(Variable, &str)]) -> String {
    let mut values = Values::new(Level::NonTechnical);
    for (variable, value) in set {
        values.set(*variable, *value);
    }
    Parsed::parse(text)
        .unwrap()
        .render(&values, Format::Markdown)
}

fn faults_in(text: &str) -> Vec<String> {
    Parsed::parse(text)
        .unwrap_err()
        .iter()
        .map(Fault::to_string)
        .collect()
}

#[test]
fn variables_are_filled_and_conditions_close_the_gaps() {
    let text = "Hello{{#if service}}, {{service}}{{else}} all{{/if}}.\n{{#if why}}\nWhy: {{why}}\n{{/if}}\n\nEnd";
    assert_eq!(
        filled(
            text,
            &[(Variable::Service, "Portal"), (Variable::Why, "it is old.")]
        ),
        "Hello, Portal.\nWhy: it is old.\n\nEnd"
    );
    assert_eq!(filled(text, &[]), "Hello all.\n\nEnd");
}

#[test]
fn conditions_nest() {
    let text = "{{#if why}}{{#if cause}}both{{else}}why{{/if}}{{else}}{{#if cause}}cause{{else}}none{{/if}}{{/if}}";
    let (why, cause) = ((Variable::Why, "x"), (Variable::Cause, "x"));
    assert_eq!(filled(text, &[why, cause]), "both");
    assert_eq!(filled(text, &[why]), "why");
    assert_eq!(filled(text, &[cause]), "cause");
    assert_eq!(filled(text, &[]), "none");
}

#[test]
fn values_are_never_templates_nor_markdown() {
    let hostile = "{{organisation}} *b* [x](http://evil) <b>&amp; `c`\n# h\n1. one\n- two";
    let markdown = filled(
        "{{effect}}",
        &[
            (Variable::Effect, hostile),
            (Variable::Organisation, "leak"),
        ],
    );
    assert_eq!(crate::message::markdown::to_text(&markdown), hostile);
    let html = crate::message::render_markdown(&markdown);
    assert!(
        !html.contains("<b>")
            && !html.contains("<a")
            && !html.contains("<h3>")
            && !html.contains("<li>"),
        "{html}"
    );
}

#[test]
fn a_full_stop_is_not_doubled() {
    assert_eq!(
        filled("{{why}}. Then", &[(Variable::Why, "Because.")]),
        "Because. Then"
    );
    assert_eq!(
        filled("{{why}}. Then", &[(Variable::Why, "Because")]),
        "Because. Then"
    );
}

#[test]
fn what_a_level_may_not_see_is_empty_there() {
    let parsed = Parsed::parse("{{#if technical}}{{technical}}{{else}}nothing{{/if}}").unwrap();
    for (level, shown) in [
        (Level::NonTechnical, "nothing"),
        (Level::SemiTechnical, "nothing"),
        (Level::Technical, "db1"),
    ] {
        let mut values = Values::new(level);
        values.set(Variable::Technical, "db1");
        assert_eq!(parsed.render(&values, Format::Line), shown);
    }
}

#[test]
fn faults_name_their_place_and_the_nearest_variable() {
    assert_eq!(
        faults_in("Hello\n  {{efect}}"),
        ["line 2, column 3 of the text: unknown variable 'efect'; did you mean 'effect'?"]
    );
    assert_eq!(
        faults_in("é{{#if why}} x"),
        ["line 1, column 2 of the text: this condition is not closed; add {{/if}}"]
    );
    assert_eq!(
        faults_in("a }} b"),
        ["line 1, column 3 of the text: '}}' closes nothing; write {{variable}}"]
    );
    assert_eq!(
        faults_in("a {{why b"),
        ["line 1, column 3 of the text: '{{' is not closed by '}}' on its line"]
    );
    for bad in [
        "{{/if}}",
        "{{else}}",
        "{{#if why}}{{else}}{{else}}{{/if}}",
        "{{{why}}}",
        "{{ }}",
        "{{#each services}}",
        "{{> partial}}",
        "{{why.length}}",
        "{{why()}}",
        "{{#if why",
        "{{#ifwhy}}{{/if}}",
        "{{wh\ny}}",
    ] {
        assert!(Parsed::parse(bad).is_err(), "{bad}");
    }
    let deep = "{{#if why}}".repeat(9) + &"{{/if}}".repeat(9);
    assert!(faults_in(&deep)[0].contains("more than 8 conditions"));
    assert!(Parsed::parse("{ single } braces are text").is_ok());
}

#[test]
fn a_template_tells_all_its_faults_with_their_fields() {
    let node = &parse_yaml(
        "{milestone: holdin, level: non_technical, subject: \"{{efect}}\", body: \"a\\n{{technical}}\"}",
    )
    .unwrap()[0];
    let mut problems = Problems::default();
    assert!(Template::read(node, "templates[0]", &mut problems).is_none());
    let told: Vec<String> = problems
        .0
        .iter()
        .map(|p| format!("{}: {}", p.field, p.problem))
        .collect();
    assert_eq!(
        told,
        [
            "templates[0].milestone: unknown milestone 'holdin'; did you mean 'holding'?",
            "templates[0].subject: line 1, column 1 of the text: unknown variable 'efect'; did you mean 'effect'?",
            "templates[0].body: line 2, column 3 of the text: 'technical' is for level technical and is always empty at non_technical",
        ]
    );
}

fn template(
    milestone: &str,
    level: Option<Level>,
    channel: Option<Channel>,
    language: &str,
) -> Template {
    Template {
        milestone: milestone.into(),
        event: None,
        level,
        readers: None,
        channel,
        language: language.into(),
        subject: None,
        body: format!("{level:?} {channel:?} {language}"),
    }
}

fn wanted<'a>(milestone: &'a str, language: &'a str) -> Wanted<'a> {
    Wanted {
        milestone,
        event: None,
        level: Level::NonTechnical,
        readers: None,
        channel: Channel::Email,
        language,
    }
}

#[test]
fn a_text_for_the_readers_comes_before_one_for_all_and_never_goes_to_others() {
    let of = |readers, event: Option<&str>| Template {
        readers,
        event: event.map(str::to_owned),
        body: format!("{readers:?} {event:?}"),
        ..template("hypercare", None, None, "en")
    };
    let executive = Some(Reader::Executive);
    let own = [of(None, None), of(executive, None)];
    let first = |readers, event, own: &[Template]| {
        let wanted = Wanted {
            readers,
            event,
            ..wanted("hypercare", "en")
        };
        fitting(own, wanted)[0].body.clone()
    };
    assert_eq!(first(executive, None, &own), own[1].body);
    assert_eq!(first(None, None, &own), own[0].body);
    assert_eq!(first(Some(Reader::EndUser), None, &own), own[0].body);
    // What is for the kind of event says other things altogether.
    let kind = Some("maintenance");
    let own = [of(executive, None), of(None, kind)];
    assert_eq!(first(executive, kind, &own), own[1].body);
    assert_eq!(first(executive, Some("incident"), &own), own[0].body);
}

#[test]
fn the_readers_language_comes_before_a_text_of_our_own_for_the_kind_of_event() {
    let own = [Template {
        event: Some("maintenance".into()),
        ..template("announcement", None, Some(Channel::Email), "en")
    }];
    let wanted = Wanted {
        event: Some("maintenance"),
        ..wanted("announcement", "de")
    };
    let found = fitting(&own, wanted);
    assert_eq!(found[0].language, "de");
    assert!(found.contains(&&own[0]));
}

#[test]
fn an_id_says_all_that_a_template_is_for() {
    for id in [
        "update.any.email.en",
        "update.any.email.en.advisory",
        "update.technical.any.de.executive",
        "announcement.any.email.en.announcement.end_user",
    ] {
        assert_eq!(Template::from_id(id).map(|t| t.id()), Ok(id.to_owned()));
    }
    for (id, problem) in [
        ("update.any.email", "is no template's id"),
        ("update.any.email.en.executives", "unknown kind of event"),
        ("update.any.email.en.advisory.all", "unknown readers 'all'"),
        ("update.any.email.en.a.b.c", "has too many parts"),
    ] {
        let told = Template::from_id(id).unwrap_err();
        assert!(told.contains(problem), "{id}: {told}");
    }
}

#[test]
fn what_it_costs_is_for_executives_and_said_where_it_is_asked_for() {
    for (readers, faults) in [
        ("", 1),
        (", readers: end_user", 1),
        (", readers: department_head", 1),
        (", readers: executive", 0),
    ] {
        let yaml = format!("{{milestone: announcement, body: 'It costs {{{{cost}}}}'{readers}}}");
        let mut problems = Problems::default();
        Template::read(&parse_yaml(&yaml).unwrap()[0], "", &mut problems);
        assert_eq!(problems.0.len(), faults, "{:?}", problems.0);
        for problem in problems.0 {
            assert_eq!(
                problem.problem,
                "line 1, column 12 of the text: 'cost' is for executives; write 'readers: executive' or leave it out"
            );
        }
    }
}

#[test]
fn the_most_particular_template_comes_first() {
    let all = [
        template("update", None, None, "en"),
        template("update", None, Some(Channel::Email), "en"),
        template("update", Some(Level::Technical), None, "en"),
        template("update", None, None, "de"),
        template(
            "update",
            Some(Level::SemiTechnical),
            Some(Channel::Email),
            "de",
        ),
        template(
            "holding",
            Some(Level::Technical),
            Some(Channel::Email),
            "de",
        ),
    ];
    let order = |channel, language| -> Vec<usize> {
        let wanted = Wanted {
            level: Level::Technical,
            channel,
            ..wanted("update", language)
        };
        fitting(&all, wanted)
            .into_iter()
            .filter(|t| !built_in(&t.language).contains(t))
            .filter_map(|t| all.iter().position(|a| a == t))
            .collect()
    };
    assert_eq!(order(Channel::Email, "en"), [2, 1, 0]);
    assert_eq!(order(Channel::Email, "de-AT"), [3, 2, 1, 0]);
    assert_eq!(order(Channel::Webhook, "fr"), [2, 0]);
    assert_eq!(order(Channel::Sms, "en"), [0; 0]);
}

#[test]
fn the_library_serves_every_milestone_on_every_channel() {
    for language in LANGUAGES {
        for milestone in MILESTONES {
            for channel in Channel::ALL {
                let wanted = Wanted {
                    channel,
                    ..wanted(milestone, language)
                };
                let found = fitting(&[], wanted);
                let channel = channel.as_str();
                assert!(!found.is_empty(), "{language}: {milestone} by {channel}");
            }
        }
    }
}

#[test]
fn the_reference_page_lists_every_variable() {
    let page = include_str!("../../../../docs/reference/templates.md");
    let rows: Vec<&str> = page.lines().filter(|l| l.starts_with("| `")).collect();
    let wanted = Variable::ALL.iter().map(|v| {
        format!(
            "| `{}` | {} | {} |",
            v.name(),
            v.level().as_str(),
            v.meaning()
        )
    });
    assert_eq!(rows, wanted.collect::<Vec<_>>());
}

#[test]
fn every_variable_is_explained() {
    for variable in Variable::ALL {
        assert_eq!(Variable::parse(variable.name()), Ok(*variable));
        assert!(variable.meaning().ends_with('.') || variable.meaning().contains(':'));
    }
}

proptest! {
    #[test]
    fn no_text_breaks_the_parser(text in "([a-z {}#/\n]|\\{\\{#if why\\}\\}|\\{\\{else\\}\\}|\\{\\{/if\\}\\}|\\{\\{why\\}\\}|é){0,60}") {
        if let Ok(parsed) = Parsed::parse(&text) {
            let mut values = Values::new(Level::Technical);
            values.set(Variable::Why, "because {{of}} it");
            let _ = parsed.render(&values, Format::Markdown);
            let line = parsed.render(&Values::new(Level::Technical), Format::Line);
            prop_assert!(!line.contains("{{") && !line.contains('\n'));
        }
    }
}

#[test]
fn output_is_bounded_and_parsing_is_linear() {
    let mut values = Values::new(Level::Technical);
    values.set(Variable::Technical, "x".repeat(5_000));
    let parsed = Parsed::parse(&"{{technical}}".repeat(1_500)).unwrap();
    assert!(parsed.render(&values, Format::Markdown).len() <= 110_000);
    for hostile in ["{{", "}}", "{", "{{#if why}}", " \n{{#if", "{{/if}}"] {
        let _ = Parsed::parse(&hostile.repeat(100_000 / hostile.len()));
    }
}
