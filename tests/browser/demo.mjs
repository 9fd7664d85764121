// Walks through the demo's whole story in a real browser, as a newcomer would, and looks at the live pages on the way.
//
//   node demo.mjs --base URL --out DIR [--chromium PATH] [--no-pictures]
//
// Exit code 1 when the story does not come to its end or a look finds a fault.
import { walk } from "./walk.mjs";

// What the story must have shown on the console's first page by its end, and what is looked at then.
const STATIONS = {
  "extends the work": ["/", "/console/maintenances/MNT-1"], "completes the work": [], "declares an incident": [],
  "The cause is found": ["/", "/console", "/console/incidents/INC-1", "/console/caught"], "fix is in place": [], "is resolved": [],
  "finds a fault": ["/", "/events/ADV-1", "/console/advisories/ADV-1"], "fix is out": [],
};
const MOST_PRESSES = 80;

await walk(async (it) => {
  const { context, tab } = await it.signedIn();
  await it.lookAt(context, "planned", ["/", "/console", "/console/maintenances", "/console/maintenances/MNT-1", "/console/notices", "/console/services", "/console/audiences"]);
  const ahead = new Set(Object.keys(STATIONS));
  let told = "";
  for (let press = 0; press < MOST_PRESSES && ahead.size > 0; press++) {
    await it.press(tab, "Next notice");
    told = await it.said(tab);
    console.log(`press ${press + 1}: ${told}`);
    for (const station of [...ahead].filter((words) => told.includes(words))) {
      ahead.delete(station);
      await it.lookAt(context, station.replaceAll(" ", "-"), STATIONS[station]);
    }
  }
  ahead.forEach((station) => it.faults.push(`the story never came to "${station}"; the last word was "${told}"`));
  await tab.goto(`${it.base}/console/caught`);
  const first = await tab.locator("main a[href*='/console/caught/']").first().getAttribute("href");
  await it.lookAt(context, "end", ["/", "/history", "/calendar", "/console", "/console/incidents/INC-1", "/console/deliveries", "/console/journal", "/console/caught", first]);
});
