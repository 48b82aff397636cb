//! The site as it stands: every page of text, made once.

use std::collections::BTreeMap;
use std::sync::Arc;

use askama::Template;
use record::assessment::{FIVE_MINUTES, QuestionSet, READINESS, Sets};
use record::policy::{Files, PolicyError};
use record::publication::{Audiences, Publication};
use record::time::{Date, Timestamp};

use crate::assets;
use crate::content::{Article, Content};
use crate::guide::Guide;
use crate::pages::{Alert, AlertsPage, ArticlePage, Frame, Home, Index, Link, Look, QuestionPage};
use crate::prepared::Prepared;
use crate::setting::{self, Setting};
use crate::views::Counter;

/// A page of text: with the cookie question and without.
#[derive(Debug)]
pub struct Page {
    pub asking: Prepared,
    pub quiet: Prepared,
    pub views: Counter,
}

/// Everything that is the same for every visitor.
#[derive(Debug)]
pub struct Site {
    pub look: Arc<Look>,
    pub content: Content,
    pub checks: Vec<QuestionSet>,
    /// Whom warnings can be for, which subscribers choose from.
    pub audiences: Audiences,
    pub pages: BTreeMap<String, Page>,
    pub assets: BTreeMap<String, Prepared>,
    /// Places nobody has called or opened yet.
    pub unchecked: Vec<String>,
}

impl Site {
    /// Reads and checks everything below `protect/` the site is made of.
    pub fn load(files: &Files) -> Result<Site, PolicyError> {
        let setting = Setting::load(files)?;
        let content = Content::load(files, &setting)?;
        let guide = Guide::load(files, &content)?;
        let sets = Sets::load(files)?;
        let public = [FIVE_MINUTES, READINESS];
        let checks = public
            .iter()
            .filter_map(|id| sets.newest(id))
            .cloned()
            .collect();
        let audiences = Audiences::load(files)?;
        let places = setting::places(files)?;
        let unchecked = places
            .values()
            .filter(|p| p.checked.is_empty() && !(p.phone.is_empty() && p.web.is_empty()));
        let unchecked = unchecked.map(|p| p.id.clone()).collect();
        let look = Arc::new(Look {
            setting,
            assets: assets::addresses(),
        });
        let mut maker = Maker {
            look: &look,
            content: &content,
            pages: BTreeMap::new(),
        };
        maker.all(&guide)?;
        let pages = maker.pages;
        Ok(Site {
            look,
            content,
            checks,
            audiences,
            pages,
            assets: assets::files(),
            unchecked,
        })
    }

    /// Pages that are past their day of review.
    pub fn overdue(&self, today: Date) -> Vec<&Article> {
        let articles = self.content.articles.iter();
        articles.filter(|a| a.is_overdue(today)).collect()
    }

    /// The page of alerts, made anew when they change.
    pub fn alerts(&self, alerts: &[&Publication]) -> Result<Page, PolicyError> {
        let known = |path: &str| self.pages.contains_key(path);
        let alerts: Vec<Alert> = alerts.iter().map(|p| Alert::of(p, known)).collect();
        let Some(article) = self.content.find(false, "alerts") else {
            return Err(PolicyError::new(
                "protect/pages/alerts.md",
                "the file is missing",
            ));
        };
        both(|ask| {
            let frame = Frame::new(&self.look, &article.head.title, "/alerts", ask);
            AlertsPage {
                frame,
                article,
                alerts: &alerts,
            }
            .render()
        })
    }
}

/// Renders a page with the cookie question and without.
fn both(make: impl Fn(bool) -> askama::Result<String>) -> Result<Page, PolicyError> {
    let one = |ask: bool| {
        let body = make(ask).map_err(|e| PolicyError::new("templates", e.to_string()))?;
        Ok(Prepared::html(body))
    };
    Ok(Page {
        asking: one(true)?,
        quiet: one(false)?,
        views: Counter::default(),
    })
}

struct Maker<'a> {
    look: &'a Arc<Look>,
    content: &'a Content,
    pages: BTreeMap<String, Page>,
}

impl Maker<'_> {
    fn all(&mut self, guide: &Guide) -> Result<(), PolicyError> {
        let groups = self.groups();
        self.add(
            "/",
            |frame| {
                Home {
                    frame,
                    groups: groups.clone(),
                }
                .render()
            },
            "Home",
        )?;
        self.add(
            "/advice",
            |frame| {
                Index {
                    frame,
                    groups: groups.clone(),
                }
                .render()
            },
            "Advice",
        )?;
        for (at, question) in guide.questions.iter().enumerate() {
            let path = Guide::path(question, at == 0);
            let back = if at == 0 { "/" } else { "/what-happened" };
            let make = |frame: Frame| {
                let frame = frame.back(back, "Back");
                QuestionPage { frame, question }.render()
            };
            self.add(&path, make, &question.text)?;
        }
        let content = self.content;
        for article in &content.articles {
            // Made by others: they hold more than text.
            if !article.is_advice && matches!(article.key.as_str(), "cookies" | "alerts") {
                continue;
            }
            self.article(article)?;
        }
        Ok(())
    }

    fn add(
        &mut self,
        path: &str,
        make: impl Fn(Frame) -> askama::Result<String>,
        title: &str,
    ) -> Result<(), PolicyError> {
        let page = both(|ask| make(Frame::new(self.look, title, path, ask)))?;
        self.pages.insert(path.to_owned(), page);
        Ok(())
    }

    /// Advice by its groups, in the order in which the groups first appear.
    fn groups(&self) -> Vec<(String, Vec<Link>)> {
        let mut groups: Vec<(String, Vec<Link>)> = Vec::new();
        for article in self.content.advice() {
            let link = (article.path(), article.head.title.clone());
            match groups.iter_mut().find(|(g, _)| *g == article.head.group) {
                Some((_, links)) => links.push(link),
                None => groups.push((article.head.group.clone(), vec![link])),
            }
        }
        // What fits nothing else is read last.
        groups.sort_by_key(|(group, _)| group == "Other");
        groups
    }

    fn article(&mut self, article: &Article) -> Result<(), PolicyError> {
        let named = |key: &String| {
            let found = self.content.find(true, key)?;
            Some((found.path(), found.head.title.clone()))
        };
        let related: Vec<Link> = article.head.related.iter().filter_map(named).collect();
        let others: Vec<Link> = self
            .content
            .articles
            .iter()
            .filter(|a| {
                a.is_advice == article.is_advice
                    && a.key == article.key
                    && a.version != article.version
            })
            .map(|a| (a.path(), self.version_title(&a.version)))
            .collect();
        let speaks_to = &article.head.audience;
        let ask = if speaks_to.contains(&crate::content::Audience::Person) || speaks_to.is_empty() {
            ("/help/call-back", "Ask us to call you")
        } else {
            ("/help/organisation", "Ask for help for your organisation")
        };
        let reviewed = Date::parse(&article.head.reviewed)
            .map(|d| d.show())
            .unwrap_or_default();
        let path = article.path();
        let make = |frame: Frame| {
            let mut frame = match article.is_advice {
                true => frame.back("/advice", "Advice"),
                false => frame,
            };
            frame.lang.clone_from(&article.head.language);
            let page = ArticlePage {
                frame,
                article,
                others: others.clone(),
                related: related.clone(),
                ask,
                reviewed: reviewed.clone(),
            };
            page.render()
        };
        self.add(&path, make, &article.head.title)
    }

    fn version_title(&self, id: &str) -> String {
        let versions = &self.look.setting.versions;
        let found = versions.iter().find(|v| v.id == id);
        found.map_or_else(|| "English".to_owned(), |v| v.title.clone())
    }
}

/// The time the portal's clock shows, for what is kept.
pub type Now = Arc<dyn Fn() -> Timestamp + Send + Sync>;
