/** What CloudWatch shows of the widget where a person adds or changes it, as Markdown. */
export const VIEW_DOCS = `## Newest deletion plan

Shows the newest plan of lightsail-retention, by source. Its one button calls the function that approves the plan.
The function of this widget reads plans and results, and changes nothing. It has no parameters.
`;

/** What CloudWatch shows of the function that approves. */
export const APPROVE_DOCS = `## Approval of a deletion plan

Not for a widget: the button of the widget that shows the plan calls this function.
It hands a plan to the deletion function only with the plan's id, digest and count. It has no parameters.
`;
