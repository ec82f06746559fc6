// SPDX-License-Identifier: Apache-2.0
// Nothing to import: the target is linked for its entry points.
