//! What all pages have in common: head, style, title, what is missing, how to make it again.

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::{ReportError, Unfinished};
use crate::plot::{Figure, theme_css};

/// Layout of a page; colours are the variables of [`theme_css`].
const STYLE: &str = include_str!("page.css");

/// A page around `content`, which says what is not finished.
pub(crate) fn page(
    title: &str,
    kicker: &str,
    unfinished: Option<&Unfinished>,
    content: &Markup,
    commands: &[String],
) -> String {
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (title) }
                style { (PreEscaped(theme_css(":root"))) (PreEscaped(STYLE)) }
            }
            body {
                main {
                    header {
                        p.kicker { (kicker) }
                        h1 { (title) }
                    }
                    @if let Some(unfinished) = unfinished { (unfinished.html()) }
                    (content)
                    (reproduction(commands))
                }
            }
        }
    };
    page.into_string()
}

fn reproduction(commands: &[String]) -> Markup {
    html! {
        @if !commands.is_empty() {
            section {
                h2 { "How to reproduce" }
                pre { @for command in commands { (command) "\n" } }
                p.note {
                    "A trial depends on its configuration, the device, the number of threads and the processor's instruction set, and on nothing else: "
                    "the same three give the same numbers. Finished trials are kept; interrupted ones continue."
                }
            }
        }
    }
}

/// A figure inside a page: its legend, and its panels beside each other, on a phone below each other.
pub(crate) fn figure(figure: &Figure) -> Result<Markup, ReportError> {
    let panels = figure.inline_panels()?;
    Ok(html! {
        figure {
            @if !figure.legend().is_empty() {
                p.legend {
                    @for entry in figure.legend() {
                        span { i style=(format!("background:{}", entry.ink.css())) {} (entry.label) }
                    }
                }
            }
            div.panels style=(format!("--columns:{}", figure.columns())) {
                @for panel in &panels {
                    div {
                        @if let Some(narrow) = &panel.narrow {
                            div.wide { (PreEscaped(&panel.wide)) }
                            div.narrow { (PreEscaped(narrow)) }
                        } @else {
                            (PreEscaped(&panel.wide))
                        }
                    }
                }
            }
        }
    })
}
