// SPDX-License-Identifier: Apache-2.0
// Written by ./update from the list of files in web/. The compiler puts their contents in (C23, #embed).
#include "CairnWeb.h"
#pragma clang diagnostic ignored "-Wc23-extensions"

static const unsigned char file_0[] = {
#embed "../../web/app.js"
};
static const unsigned char file_1[] = {
#embed "../../web/base.css"
};
static const unsigned char file_2[] = {
#embed "../../web/boot.js"
};
static const unsigned char file_3[] = {
#embed "../../web/charts/budget.js"
};
static const unsigned char file_4[] = {
#embed "../../web/charts/heatmap.js"
};
static const unsigned char file_5[] = {
#embed "../../web/charts/hour-bars.js"
};
static const unsigned char file_6[] = {
#embed "../../web/charts/kept-bars.js"
};
static const unsigned char file_7[] = {
#embed "../../web/charts/latency.js"
};
static const unsigned char file_8[] = {
#embed "../../web/charts/line.js"
};
static const unsigned char file_9[] = {
#embed "../../web/charts/map-labels.js"
};
static const unsigned char file_10[] = {
#embed "../../web/charts/pairs.js"
};
static const unsigned char file_11[] = {
#embed "../../web/charts/scatter.js"
};
static const unsigned char file_12[] = {
#embed "../../web/charts/scrubber.js"
};
static const unsigned char file_13[] = {
#embed "../../web/charts/service-map.js"
};
static const unsigned char file_14[] = {
#embed "../../web/charts/sparkline.js"
};
static const unsigned char file_15[] = {
#embed "../../web/charts/svg.js"
};
static const unsigned char file_16[] = {
#embed "../../web/charts/waterfall.js"
};
static const unsigned char file_17[] = {
#embed "../../web/css/boards.css"
};
static const unsigned char file_18[] = {
#embed "../../web/css/errors.css"
};
static const unsigned char file_19[] = {
#embed "../../web/css/explore.css"
};
static const unsigned char file_20[] = {
#embed "../../web/css/logs.css"
};
static const unsigned char file_21[] = {
#embed "../../web/css/map.css"
};
static const unsigned char file_22[] = {
#embed "../../web/css/media.css"
};
static const unsigned char file_23[] = {
#embed "../../web/css/rules.css"
};
static const unsigned char file_24[] = {
#embed "../../web/css/sampling.css"
};
static const unsigned char file_25[] = {
#embed "../../web/css/send.css"
};
static const unsigned char file_26[] = {
#embed "../../web/css/server.css"
};
static const unsigned char file_27[] = {
#embed "../../web/css/services.css"
};
static const unsigned char file_28[] = {
#embed "../../web/css/trace.css"
};
static const unsigned char file_29[] = {
#embed "../../web/css/traces.css"
};
static const unsigned char file_30[] = {
#embed "../../web/icon.svg"
};
static const unsigned char file_31[] = {
#embed "../../web/index.html"
};
static const unsigned char file_32[] = {
#embed "../../web/model/boards.js"
};
static const unsigned char file_33[] = {
#embed "../../web/model/boards.test.js"
};
static const unsigned char file_34[] = {
#embed "../../web/model/bubbles.js"
};
static const unsigned char file_35[] = {
#embed "../../web/model/bubbles.test.js"
};
static const unsigned char file_36[] = {
#embed "../../web/model/columns.js"
};
static const unsigned char file_37[] = {
#embed "../../web/model/columns.test.js"
};
static const unsigned char file_38[] = {
#embed "../../web/model/compare.js"
};
static const unsigned char file_39[] = {
#embed "../../web/model/compare.test.js"
};
static const unsigned char file_40[] = {
#embed "../../web/model/errors.js"
};
static const unsigned char file_41[] = {
#embed "../../web/model/errors.test.js"
};
static const unsigned char file_42[] = {
#embed "../../web/model/figures.js"
};
static const unsigned char file_43[] = {
#embed "../../web/model/figures.test.js"
};
static const unsigned char file_44[] = {
#embed "../../web/model/findings.js"
};
static const unsigned char file_45[] = {
#embed "../../web/model/findings.test.js"
};
static const unsigned char file_46[] = {
#embed "../../web/model/format.js"
};
static const unsigned char file_47[] = {
#embed "../../web/model/format.test.js"
};
static const unsigned char file_48[] = {
#embed "../../web/model/heatbox.js"
};
static const unsigned char file_49[] = {
#embed "../../web/model/heatbox.test.js"
};
static const unsigned char file_50[] = {
#embed "../../web/model/ids.js"
};
static const unsigned char file_51[] = {
#embed "../../web/model/ids.test.js"
};
static const unsigned char file_52[] = {
#embed "../../web/model/insights.js"
};
static const unsigned char file_53[] = {
#embed "../../web/model/insights.test.js"
};
static const unsigned char file_54[] = {
#embed "../../web/model/json.js"
};
static const unsigned char file_55[] = {
#embed "../../web/model/json.test.js"
};
static const unsigned char file_56[] = {
#embed "../../web/model/markdown.js"
};
static const unsigned char file_57[] = {
#embed "../../web/model/markdown.test.js"
};
static const unsigned char file_58[] = {
#embed "../../web/model/palette.js"
};
static const unsigned char file_59[] = {
#embed "../../web/model/palette.test.js"
};
static const unsigned char file_60[] = {
#embed "../../web/model/query.js"
};
static const unsigned char file_61[] = {
#embed "../../web/model/query.test.js"
};
static const unsigned char file_62[] = {
#embed "../../web/model/rules.js"
};
static const unsigned char file_63[] = {
#embed "../../web/model/rules.test.js"
};
static const unsigned char file_64[] = {
#embed "../../web/model/sampling.js"
};
static const unsigned char file_65[] = {
#embed "../../web/model/sampling.test.js"
};
static const unsigned char file_66[] = {
#embed "../../web/model/scales.js"
};
static const unsigned char file_67[] = {
#embed "../../web/model/scales.test.js"
};
static const unsigned char file_68[] = {
#embed "../../web/model/service-graph.js"
};
static const unsigned char file_69[] = {
#embed "../../web/model/service-graph.test.js"
};
static const unsigned char file_70[] = {
#embed "../../web/model/signal.js"
};
static const unsigned char file_71[] = {
#embed "../../web/model/slos.js"
};
static const unsigned char file_72[] = {
#embed "../../web/model/slos.test.js"
};
static const unsigned char file_73[] = {
#embed "../../web/model/snippets.js"
};
static const unsigned char file_74[] = {
#embed "../../web/model/snippets.test.js"
};
static const unsigned char file_75[] = {
#embed "../../web/model/testing.js"
};
static const unsigned char file_76[] = {
#embed "../../web/model/time.js"
};
static const unsigned char file_77[] = {
#embed "../../web/model/time.test.js"
};
static const unsigned char file_78[] = {
#embed "../../web/model/trace-tree.js"
};
static const unsigned char file_79[] = {
#embed "../../web/model/trace-tree.test.js"
};
static const unsigned char file_80[] = {
#embed "../../web/model/triggers.js"
};
static const unsigned char file_81[] = {
#embed "../../web/model/triggers.test.js"
};
static const unsigned char file_82[] = {
#embed "../../web/theme.css"
};
static const unsigned char file_83[] = {
#embed "../../web/views/board-panels.js"
};
static const unsigned char file_84[] = {
#embed "../../web/views/board.js"
};
static const unsigned char file_85[] = {
#embed "../../web/views/boards.js"
};
static const unsigned char file_86[] = {
#embed "../../web/views/catalog.js"
};
static const unsigned char file_87[] = {
#embed "../../web/views/chart-hover.js"
};
static const unsigned char file_88[] = {
#embed "../../web/views/combo.js"
};
static const unsigned char file_89[] = {
#embed "../../web/views/dataset-picker.js"
};
static const unsigned char file_90[] = {
#embed "../../web/views/dom.js"
};
static const unsigned char file_91[] = {
#embed "../../web/views/error-actions.js"
};
static const unsigned char file_92[] = {
#embed "../../web/views/error-parts.js"
};
static const unsigned char file_93[] = {
#embed "../../web/views/error-side.js"
};
static const unsigned char file_94[] = {
#embed "../../web/views/error-stack.js"
};
static const unsigned char file_95[] = {
#embed "../../web/views/error-why.js"
};
static const unsigned char file_96[] = {
#embed "../../web/views/error.js"
};
static const unsigned char file_97[] = {
#embed "../../web/views/errors.js"
};
static const unsigned char file_98[] = {
#embed "../../web/views/explore-alert.js"
};
static const unsigned char file_99[] = {
#embed "../../web/views/explore-board.js"
};
static const unsigned char file_100[] = {
#embed "../../web/views/explore-bubbleup.js"
};
static const unsigned char file_101[] = {
#embed "../../web/views/explore-calculation.js"
};
static const unsigned char file_102[] = {
#embed "../../web/views/explore-clauses.js"
};
static const unsigned char file_103[] = {
#embed "../../web/views/explore-editor.js"
};
static const unsigned char file_104[] = {
#embed "../../web/views/explore-heatmap.js"
};
static const unsigned char file_105[] = {
#embed "../../web/views/explore-lines.js"
};
static const unsigned char file_106[] = {
#embed "../../web/views/explore-missing.js"
};
static const unsigned char file_107[] = {
#embed "../../web/views/explore-results.js"
};
static const unsigned char file_108[] = {
#embed "../../web/views/explore.js"
};
static const unsigned char file_109[] = {
#embed "../../web/views/focus.js"
};
static const unsigned char file_110[] = {
#embed "../../web/views/forms.js"
};
static const unsigned char file_111[] = {
#embed "../../web/views/key-form.js"
};
static const unsigned char file_112[] = {
#embed "../../web/views/keys.js"
};
static const unsigned char file_113[] = {
#embed "../../web/views/logs-deliveries.js"
};
static const unsigned char file_114[] = {
#embed "../../web/views/logs-editor.js"
};
static const unsigned char file_115[] = {
#embed "../../web/views/logs-groups.js"
};
static const unsigned char file_116[] = {
#embed "../../web/views/logs-line.js"
};
static const unsigned char file_117[] = {
#embed "../../web/views/logs-patterns.js"
};
static const unsigned char file_118[] = {
#embed "../../web/views/logs-results.js"
};
static const unsigned char file_119[] = {
#embed "../../web/views/logs-tail.js"
};
static const unsigned char file_120[] = {
#embed "../../web/views/logs-volume.js"
};
static const unsigned char file_121[] = {
#embed "../../web/views/logs.js"
};
static const unsigned char file_122[] = {
#embed "../../web/views/map-insights.js"
};
static const unsigned char file_123[] = {
#embed "../../web/views/map-panel.js"
};
static const unsigned char file_124[] = {
#embed "../../web/views/map-scrub.js"
};
static const unsigned char file_125[] = {
#embed "../../web/views/map-traces.js"
};
static const unsigned char file_126[] = {
#embed "../../web/views/map.js"
};
static const unsigned char file_127[] = {
#embed "../../web/views/markdown.js"
};
static const unsigned char file_128[] = {
#embed "../../web/views/markers.js"
};
static const unsigned char file_129[] = {
#embed "../../web/views/more.js"
};
static const unsigned char file_130[] = {
#embed "../../web/views/paper.js"
};
static const unsigned char file_131[] = {
#embed "../../web/views/popover.js"
};
static const unsigned char file_132[] = {
#embed "../../web/views/recipient-field.js"
};
static const unsigned char file_133[] = {
#embed "../../web/views/router.js"
};
static const unsigned char file_134[] = {
#embed "../../web/views/rules.js"
};
static const unsigned char file_135[] = {
#embed "../../web/views/sampling.js"
};
static const unsigned char file_136[] = {
#embed "../../web/views/search.js"
};
static const unsigned char file_137[] = {
#embed "../../web/views/send.js"
};
static const unsigned char file_138[] = {
#embed "../../web/views/server.js"
};
static const unsigned char file_139[] = {
#embed "../../web/views/services-before.js"
};
static const unsigned char file_140[] = {
#embed "../../web/views/services-charts.js"
};
static const unsigned char file_141[] = {
#embed "../../web/views/services.js"
};
static const unsigned char file_142[] = {
#embed "../../web/views/slo-alerts.js"
};
static const unsigned char file_143[] = {
#embed "../../web/views/slo-charts.js"
};
static const unsigned char file_144[] = {
#embed "../../web/views/slo-events.js"
};
static const unsigned char file_145[] = {
#embed "../../web/views/slo-form.js"
};
static const unsigned char file_146[] = {
#embed "../../web/views/slo.js"
};
static const unsigned char file_147[] = {
#embed "../../web/views/slos.js"
};
static const unsigned char file_148[] = {
#embed "../../web/views/span-panel.js"
};
static const unsigned char file_149[] = {
#embed "../../web/views/span-xray.js"
};
static const unsigned char file_150[] = {
#embed "../../web/views/states.js"
};
static const unsigned char file_151[] = {
#embed "../../web/views/teach.js"
};
static const unsigned char file_152[] = {
#embed "../../web/views/time-picker.js"
};
static const unsigned char file_153[] = {
#embed "../../web/views/times.js"
};
static const unsigned char file_154[] = {
#embed "../../web/views/trace-deploy.js"
};
static const unsigned char file_155[] = {
#embed "../../web/views/trace-errors.js"
};
static const unsigned char file_156[] = {
#embed "../../web/views/trace-lines.js"
};
static const unsigned char file_157[] = {
#embed "../../web/views/trace-minimap.js"
};
static const unsigned char file_158[] = {
#embed "../../web/views/trace-rows.js"
};
static const unsigned char file_159[] = {
#embed "../../web/views/trace.js"
};
static const unsigned char file_160[] = {
#embed "../../web/views/traces.js"
};
static const unsigned char file_161[] = {
#embed "../../web/views/triggers.js"
};
static const unsigned char file_162[] = {
#embed "../../web/wire/api.js"
};
static const unsigned char file_163[] = {
#embed "../../web/wire/boards.js"
};
static const unsigned char file_164[] = {
#embed "../../web/wire/errors.js"
};
static const unsigned char file_165[] = {
#embed "../../web/wire/honeycomb.js"
};
static const unsigned char file_166[] = {
#embed "../../web/wire/http.js"
};
static const unsigned char file_167[] = {
#embed "../../web/wire/key.js"
};
static const unsigned char file_168[] = {
#embed "../../web/wire/logs.js"
};
static const unsigned char file_169[] = {
#embed "../../web/wire/rules.js"
};
static const unsigned char file_170[] = {
#embed "../../web/wire/slos.js"
};
static const unsigned char file_171[] = {
#embed "../../web/wire/triggers.js"
};
static const unsigned char file_172[] = {
#embed "../../web/wire/xray.js"
};

static const cairn_web_file files[] = {
  {"app.js", file_0, sizeof file_0},
  {"base.css", file_1, sizeof file_1},
  {"boot.js", file_2, sizeof file_2},
  {"charts/budget.js", file_3, sizeof file_3},
  {"charts/heatmap.js", file_4, sizeof file_4},
  {"charts/hour-bars.js", file_5, sizeof file_5},
  {"charts/kept-bars.js", file_6, sizeof file_6},
  {"charts/latency.js", file_7, sizeof file_7},
  {"charts/line.js", file_8, sizeof file_8},
  {"charts/map-labels.js", file_9, sizeof file_9},
  {"charts/pairs.js", file_10, sizeof file_10},
  {"charts/scatter.js", file_11, sizeof file_11},
  {"charts/scrubber.js", file_12, sizeof file_12},
  {"charts/service-map.js", file_13, sizeof file_13},
  {"charts/sparkline.js", file_14, sizeof file_14},
  {"charts/svg.js", file_15, sizeof file_15},
  {"charts/waterfall.js", file_16, sizeof file_16},
  {"css/boards.css", file_17, sizeof file_17},
  {"css/errors.css", file_18, sizeof file_18},
  {"css/explore.css", file_19, sizeof file_19},
  {"css/logs.css", file_20, sizeof file_20},
  {"css/map.css", file_21, sizeof file_21},
  {"css/media.css", file_22, sizeof file_22},
  {"css/rules.css", file_23, sizeof file_23},
  {"css/sampling.css", file_24, sizeof file_24},
  {"css/send.css", file_25, sizeof file_25},
  {"css/server.css", file_26, sizeof file_26},
  {"css/services.css", file_27, sizeof file_27},
  {"css/trace.css", file_28, sizeof file_28},
  {"css/traces.css", file_29, sizeof file_29},
  {"icon.svg", file_30, sizeof file_30},
  {"index.html", file_31, sizeof file_31},
  {"model/boards.js", file_32, sizeof file_32},
  {"model/boards.test.js", file_33, sizeof file_33},
  {"model/bubbles.js", file_34, sizeof file_34},
  {"model/bubbles.test.js", file_35, sizeof file_35},
  {"model/columns.js", file_36, sizeof file_36},
  {"model/columns.test.js", file_37, sizeof file_37},
  {"model/compare.js", file_38, sizeof file_38},
  {"model/compare.test.js", file_39, sizeof file_39},
  {"model/errors.js", file_40, sizeof file_40},
  {"model/errors.test.js", file_41, sizeof file_41},
  {"model/figures.js", file_42, sizeof file_42},
  {"model/figures.test.js", file_43, sizeof file_43},
  {"model/findings.js", file_44, sizeof file_44},
  {"model/findings.test.js", file_45, sizeof file_45},
  {"model/format.js", file_46, sizeof file_46},
  {"model/format.test.js", file_47, sizeof file_47},
  {"model/heatbox.js", file_48, sizeof file_48},
  {"model/heatbox.test.js", file_49, sizeof file_49},
  {"model/ids.js", file_50, sizeof file_50},
  {"model/ids.test.js", file_51, sizeof file_51},
  {"model/insights.js", file_52, sizeof file_52},
  {"model/insights.test.js", file_53, sizeof file_53},
  {"model/json.js", file_54, sizeof file_54},
  {"model/json.test.js", file_55, sizeof file_55},
  {"model/markdown.js", file_56, sizeof file_56},
  {"model/markdown.test.js", file_57, sizeof file_57},
  {"model/palette.js", file_58, sizeof file_58},
  {"model/palette.test.js", file_59, sizeof file_59},
  {"model/query.js", file_60, sizeof file_60},
  {"model/query.test.js", file_61, sizeof file_61},
  {"model/rules.js", file_62, sizeof file_62},
  {"model/rules.test.js", file_63, sizeof file_63},
  {"model/sampling.js", file_64, sizeof file_64},
  {"model/sampling.test.js", file_65, sizeof file_65},
  {"model/scales.js", file_66, sizeof file_66},
  {"model/scales.test.js", file_67, sizeof file_67},
  {"model/service-graph.js", file_68, sizeof file_68},
  {"model/service-graph.test.js", file_69, sizeof file_69},
  {"model/signal.js", file_70, sizeof file_70},
  {"model/slos.js", file_71, sizeof file_71},
  {"model/slos.test.js", file_72, sizeof file_72},
  {"model/snippets.js", file_73, sizeof file_73},
  {"model/snippets.test.js", file_74, sizeof file_74},
  {"model/testing.js", file_75, sizeof file_75},
  {"model/time.js", file_76, sizeof file_76},
  {"model/time.test.js", file_77, sizeof file_77},
  {"model/trace-tree.js", file_78, sizeof file_78},
  {"model/trace-tree.test.js", file_79, sizeof file_79},
  {"model/triggers.js", file_80, sizeof file_80},
  {"model/triggers.test.js", file_81, sizeof file_81},
  {"theme.css", file_82, sizeof file_82},
  {"views/board-panels.js", file_83, sizeof file_83},
  {"views/board.js", file_84, sizeof file_84},
  {"views/boards.js", file_85, sizeof file_85},
  {"views/catalog.js", file_86, sizeof file_86},
  {"views/chart-hover.js", file_87, sizeof file_87},
  {"views/combo.js", file_88, sizeof file_88},
  {"views/dataset-picker.js", file_89, sizeof file_89},
  {"views/dom.js", file_90, sizeof file_90},
  {"views/error-actions.js", file_91, sizeof file_91},
  {"views/error-parts.js", file_92, sizeof file_92},
  {"views/error-side.js", file_93, sizeof file_93},
  {"views/error-stack.js", file_94, sizeof file_94},
  {"views/error-why.js", file_95, sizeof file_95},
  {"views/error.js", file_96, sizeof file_96},
  {"views/errors.js", file_97, sizeof file_97},
  {"views/explore-alert.js", file_98, sizeof file_98},
  {"views/explore-board.js", file_99, sizeof file_99},
  {"views/explore-bubbleup.js", file_100, sizeof file_100},
  {"views/explore-calculation.js", file_101, sizeof file_101},
  {"views/explore-clauses.js", file_102, sizeof file_102},
  {"views/explore-editor.js", file_103, sizeof file_103},
  {"views/explore-heatmap.js", file_104, sizeof file_104},
  {"views/explore-lines.js", file_105, sizeof file_105},
  {"views/explore-missing.js", file_106, sizeof file_106},
  {"views/explore-results.js", file_107, sizeof file_107},
  {"views/explore.js", file_108, sizeof file_108},
  {"views/focus.js", file_109, sizeof file_109},
  {"views/forms.js", file_110, sizeof file_110},
  {"views/key-form.js", file_111, sizeof file_111},
  {"views/keys.js", file_112, sizeof file_112},
  {"views/logs-deliveries.js", file_113, sizeof file_113},
  {"views/logs-editor.js", file_114, sizeof file_114},
  {"views/logs-groups.js", file_115, sizeof file_115},
  {"views/logs-line.js", file_116, sizeof file_116},
  {"views/logs-patterns.js", file_117, sizeof file_117},
  {"views/logs-results.js", file_118, sizeof file_118},
  {"views/logs-tail.js", file_119, sizeof file_119},
  {"views/logs-volume.js", file_120, sizeof file_120},
  {"views/logs.js", file_121, sizeof file_121},
  {"views/map-insights.js", file_122, sizeof file_122},
  {"views/map-panel.js", file_123, sizeof file_123},
  {"views/map-scrub.js", file_124, sizeof file_124},
  {"views/map-traces.js", file_125, sizeof file_125},
  {"views/map.js", file_126, sizeof file_126},
  {"views/markdown.js", file_127, sizeof file_127},
  {"views/markers.js", file_128, sizeof file_128},
  {"views/more.js", file_129, sizeof file_129},
  {"views/paper.js", file_130, sizeof file_130},
  {"views/popover.js", file_131, sizeof file_131},
  {"views/recipient-field.js", file_132, sizeof file_132},
  {"views/router.js", file_133, sizeof file_133},
  {"views/rules.js", file_134, sizeof file_134},
  {"views/sampling.js", file_135, sizeof file_135},
  {"views/search.js", file_136, sizeof file_136},
  {"views/send.js", file_137, sizeof file_137},
  {"views/server.js", file_138, sizeof file_138},
  {"views/services-before.js", file_139, sizeof file_139},
  {"views/services-charts.js", file_140, sizeof file_140},
  {"views/services.js", file_141, sizeof file_141},
  {"views/slo-alerts.js", file_142, sizeof file_142},
  {"views/slo-charts.js", file_143, sizeof file_143},
  {"views/slo-events.js", file_144, sizeof file_144},
  {"views/slo-form.js", file_145, sizeof file_145},
  {"views/slo.js", file_146, sizeof file_146},
  {"views/slos.js", file_147, sizeof file_147},
  {"views/span-panel.js", file_148, sizeof file_148},
  {"views/span-xray.js", file_149, sizeof file_149},
  {"views/states.js", file_150, sizeof file_150},
  {"views/teach.js", file_151, sizeof file_151},
  {"views/time-picker.js", file_152, sizeof file_152},
  {"views/times.js", file_153, sizeof file_153},
  {"views/trace-deploy.js", file_154, sizeof file_154},
  {"views/trace-errors.js", file_155, sizeof file_155},
  {"views/trace-lines.js", file_156, sizeof file_156},
  {"views/trace-minimap.js", file_157, sizeof file_157},
  {"views/trace-rows.js", file_158, sizeof file_158},
  {"views/trace.js", file_159, sizeof file_159},
  {"views/traces.js", file_160, sizeof file_160},
  {"views/triggers.js", file_161, sizeof file_161},
  {"wire/api.js", file_162, sizeof file_162},
  {"wire/boards.js", file_163, sizeof file_163},
  {"wire/errors.js", file_164, sizeof file_164},
  {"wire/honeycomb.js", file_165, sizeof file_165},
  {"wire/http.js", file_166, sizeof file_166},
  {"wire/key.js", file_167, sizeof file_167},
  {"wire/logs.js", file_168, sizeof file_168},
  {"wire/rules.js", file_169, sizeof file_169},
  {"wire/slos.js", file_170, sizeof file_170},
  {"wire/triggers.js", file_171, sizeof file_171},
  {"wire/xray.js", file_172, sizeof file_172},
};
const size_t cairn_web_file_count = 173;

cairn_web_file cairn_web_file_at(size_t index) { return files[index]; }
