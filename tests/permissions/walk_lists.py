"""Addresses of the secrecy walk, written by hand: which show figures, which do not."""

from tests.permissions.secret_scene import FIGURES, SUMS

INDICATORS = tuple(FIGURES)
_EXPORTS = ("", "&export=csv", "&export=xlsx", "&export=svg")

#: Addresses that show figures, with all that may stand behind the question mark; {area} is the first area.
#: Links to files on a page (``export=`` and the like) are followed besides.
SHOWS: dict[str, list[str]] = {
    "measures:figure-sheet": ["", "?export=csv", "?export=xlsx"],
    "measures:measure-detail": [""],
    "measures:version-detail": ["?fate=all", "?fate=all&export=xlsx"],
    "measures:operation-publication": ["", "?export=csv", "?export=json"],
    "measures:plan-detail": [""],
    "measures:plan-workbook": [""],
    "measures:programme-report": [""],
    "measures:project-sheet": [""],
    "measures:report-detail": [""],
    "measures:round-progress": [""],
    "monitoring:area-detail": [""],
    "monitoring:atlas": [
        "",
        "?area={area}",
        *(f"?show={key}&area={{area}}{export}" for key in INDICATORS for export in _EXPORTS),
        *(f"?show={key}&level=municipality{export}" for key in SUMS for export in _EXPORTS),
        *(f"?show={key}&year=2023&area={{area}}" for key in INDICATORS),
        "?show=index&area={area}&export=csv",
        "?show=index&export=xlsx",
        "?show=index&export=svg",
        *(f"?show=sgb2_rate&method={method}" for method in ("equal", "natural", "deviations")),
    ],
    "monitoring:delivery-detail": ["", *(f"?indicator={{{key}}}&year=2024" for key in INDICATORS)],
    "monitoring:delivery-issues": ["", "?export=xlsx"],
    "monitoring:indicator-detail": ["", "?area={area}"],
    "monitoring:method-detail": [""],
    "monitoring:run-compare": ["", "?with={other_run}", "?with={other_run}&export=csv"],
    "monitoring:run-detail": ["", "?sort=-rank", "?cells=csv", "?cells=xlsx", "?export=csv"],
    "search": ["?q=7919", "?q=Zentrum", "?q=cases"],
    "workflows:agreement-detail": [""],
    "workflows:agreement-pdf": [""],
    "workflows:collection": ["", "?export=csv"],
    "workflows:cycle-detail": [""],
    "workflows:decision-detail": [""],
    "workflows:evaluation-list": [""],
    "workflows:measure-sheet": [""],
    "workflows:meeting-folder": [""],
    "workflows:meeting-folder-internal": [""],
    "workflows:plan-paper": ["", "?variant=internal"],
    "workflows:profile-booklet": [""],
    "workflows:profile-detail": [""],
    "workflows:profile-edit": [""],
    "workflows:profile-pdf": [""],
    "workflows:profile-list": ["", "?export=xlsx"],
    "workflows:public-chapter": ["", "?export=csv", "?export=xlsx"],
    "workflows:public-edition": ["", "?export=csv-en"],
    "workflows:public-edition-pdf": [""],
    "workflows:public-measure": [""],
    "workflows:public-plan-data": [""],
    "workflows:public-plan-embed-figures": [""],
    "workflows:public-plan-figures": ["", "?lang=en"],
    "workflows:public-report-pdf": [""],
    "workflows:recommendation-create": ["", "?area={area}"],
    "workflows:recommendation-detail": ["", "?version=1&against=1"],
    "workflows:recommendation-evidence": [""],
    "workflows:meeting-session": [""],
    "workflows:plan-map": ["", "?export=csv"],
    "workflows:poll-detail": [""],
    "workflows:recommendation-paper": [""],
    "workflows:recommendation-paper-pdf": [""],
    "workflows:renewal-preview": [""],
    "workflows:request-comments": [""],
    "workflows:request-detail": [""],
    "workflows:request-list": ["", "?export=csv"],
    "workflows:request-mapping": [""],
    "workflows:request-template": ["", "?form=csv"],
    "workflows:request-upload": [""],
    "workflows:room": [""],
    "workflows:room-screen": [""],
    "workflows:room-state": ["", "?view=screen"],
    "workflows:statement-list": ["", "?export=xlsx"],
    "workflows:task": [""],
    "workflows:why": [""],
}

#: Addresses that show no figures of areas: sign-in, people, bodies, dates, rights. They are walked as well.
PLAIN = frozenset(
    """
    healthz help-index help-topic home measures:plan-list measures:plan-timeline
    measures:goal-create measures:goal-edit measures:goal-list measures:goal-remove measures:measure-file
    measures:measure-file-remove measures:measure-files measures:milestone-tell measures:version-create
    measures:version-list workflows:measure-stage workflows:measure-status workflows:submeasure-create
    workflows:measure-bulk measures:measure-list measures:own-measures measures:view-delete measures:view-edit
    measures:view-list
    measures:call-create measures:call-edit measures:notice-create measures:notice-detail
    measures:amendment-detail workflows:amendment-begin workflows:amendment-withdraw
    measures:programme-create measures:programme-detail measures:programme-edit measures:programme-list
    measures:project-parties measures:project-delivery-detail measures:project-delivery-paper
    measures:project-report-detail measures:receipt-file measures:report-step-file workflows:drawdown-create
    workflows:drawdown-discard workflows:project-report-call-off workflows:report-extension
    workflows:report-extension-withdraw
    measures:operation-detail measures:operation-import measures:operation-list
    measures:operation-upload
    measures:funding-portfolio measures:funding-map measures:funding-figures measures:project-compare
    measures:project-report-list measures:adviser-create measures:adviser-remove
    measures:project-create measures:project-detail measures:project-list measures:report-list
    measures:figure-file measures:round-compare measures:state-set workflows:report-call-off
    workflows:report-correct workflows:round-close workflows:round-confirm
    measures:round-detail monitoring:indicator-list monitoring:area-import monitoring:area-list
    monitoring:area-preview
    monitoring:catalogue monitoring:catalogue-export monitoring:catalogue-import monitoring:catalogue-preview
    monitoring:indicator-edit monitoring:method-change monitoring:method-create monitoring:method-list
    monitoring:method-set-aside monitoring:population-import monitoring:population-preview
    monitoring:ready-set monitoring:succession-delete monitoring:succession-import monitoring:succession-list
    monitoring:succession-preview workflows:request-remind-all set_language stakeholders:audit-log
    stakeholders:absence-create stakeholders:absence-end stakeholders:person-absence stakeholders:body-rules
    stakeholders:rules-add stakeholders:rules-withdraw
    stakeholders:body-create stakeholders:body-detail stakeholders:body-edit stakeholders:body-list
    stakeholders:body-seats stakeholders:demo-sign-in stakeholders:login stakeholders:logout
    stakeholders:mail-list stakeholders:mail-send-again stakeholders:membership-create
    stakeholders:membership-end stakeholders:organisation-create stakeholders:organisation-detail
    stakeholders:organisation-edit stakeholders:organisation-list stakeholders:password-change
    stakeholders:password-reset stakeholders:password-reset-complete stakeholders:password-reset-confirm
    stakeholders:password-reset-done stakeholders:person-create stakeholders:person-deactivate
    stakeholders:person-detail stakeholders:person-edit stakeholders:person-invite
    stakeholders:person-list stakeholders:person-reactivate stakeholders:profile stakeholders:seat-create
    stakeholders:seat-deputy stakeholders:seat-end workflows:agreement-call-off workflows:case
    workflows:case-bpmn workflows:case-diagram workflows:chapter-archive workflows:chapter-create
    workflows:chapter-detail workflows:chapter-edit workflows:chapter-move workflows:chapter-renew
    workflows:cycle-abandon workflows:cycle-create workflows:cycle-list workflows:cycle-schedule
    workflows:cycle-tasks workflows:decision-list workflows:decision-reconsider workflows:edition-withdraw
    workflows:inbox workflows:measure-create workflows:measure-edit workflows:meeting-calendar
    workflows:meeting-close workflows:meeting-create workflows:meeting-detail workflows:meeting-list
    workflows:meeting-move workflows:recommendation-list workflows:recommendation-withdraw
    workflows:recommendation-cosigning workflows:recommendation-merge workflows:version-compare
    workflows:public-report workflows:public-report-list workflows:renewal-give-up workflows:report-remind
    workflows:request-reopen workflows:request-remind workflows:request-waive workflows:round-open
    workflows:round-remind workflows:social-report-create workflows:social-report-detail
    workflows:social-report-edit workflows:social-report-list
    workflows:space-conference-create workflows:space-conference-detail workflows:space-conference-enter
    workflows:space-conference-give-up workflows:space-conference-handout workflows:space-conference-list
    workflows:space-conference-moderation workflows:space-conference-qr workflows:space-conference-record
    workflows:space-conference-renew-link workflows:space-conference-waiting workflows:space-idea-answer
    workflows:stage-two-request workflows:take-part workflows:take-part-list workflows:take-part-results
    workflows:task-give-back workflows:task-hand-over workflows:task-release workflows:task-take
    workflows:tasks-take workflows:agenda-file workflows:agenda-file-add workflows:agenda-file-remove
    workflows:agenda-item-edit workflows:agenda-item-remove workflows:meeting-agenda
    workflows:meeting-attendance workflows:meeting-cancel workflows:meeting-papers workflows:meeting-reply
    workflows:meeting-series workflows:meeting-template-create workflows:meeting-template-edit
    workflows:meeting-template-list
    workflows:room-lead workflows:space-correction-withdraw workflows:statement-file
    workflows:statement-files workflows:urgency-propose
    workflows:assignment-call-off workflows:assignment-detail workflows:assignment-list workflows:block-vote
    workflows:meeting-extracts workflows:minutes-begin workflows:minutes-detail workflows:minutes-list
    workflows:minutes-object workflows:minutes-pdf workflows:paper-detail workflows:paper-file
    workflows:paper-verify workflows:poll-cancel workflows:poll-close workflows:poll-exclude
    workflows:poll-object workflows:poll-open workflows:poll-progress workflows:poll-readmit
    workflows:polls-open workflows:agreement-ask workflows:agreement-compare workflows:agreement-drop
    workflows:agreement-edit workflows:agreement-list workflows:coverage workflows:evaluation-request
    workflows:evaluation-remind workflows:evaluation-waive workflows:measure-lesson
    workflows:list-columns workflows:list-import workflows:list-upload workflows:list-values
    workflows:measure-put-forward workflows:plan-import workflows:plan-release workflows:plan-withdraw
    workflows:public-plan workflows:public-plan-changes workflows:public-plan-embed-timeline
    workflows:public-plan-feed workflows:public-plan-list workflows:public-plan-timeline
    workflows:workbook-upload
    """.split()  # noqa: SIM905
)
