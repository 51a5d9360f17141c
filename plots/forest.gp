# SPDX-License-Identifier: GPL-2.0-only
# Changes with their intervals, a row each, over the band that counts as equal.
#
# gnuplot -d -c forest.gp STYLE DATA OUTPUT FORMAT ROWS TITLE XLABEL "LOW HIGH" KINDS
#
# DATA, tab separated, is two blocks with a header line each:
#   y, name, change, low, high (all one: no interval), band's low, band's high (all %), text, kind
#   y, heading
# KINDS has a digit for each kind there is: 0 regressed, 1 improved,
# 2 equivalent, 3 inconclusive.  ROWS is the height in rows.
# Texts come as arguments and data, never as code.
format = ARG4
output_file = ARG3
narrow = format eq "narrow"
width = 900
height = (narrow ? 100 : 130) + ARG5 * (narrow ? 46 : 32)
load ARG1

low = word(ARG8, 1) + 0
high = word(ARG8, 2) + 0
has(kind) = strstrt(ARG9, sprintf("%d", kind)) > 0
array names[4] = ["regressed", "improved", "equivalent", "inconclusive"]
array colours[4] = ["#a40000", "#006b1b", "#00468c", "#7a4b00"]
array points[4] = [5, 7, 13, 6]

if (titled) set title ARG6
# The empty line keeps the key off the label.
set xlabel ARG7 . "\n "
set xrange [low:high]
set yrange [ARG5 + 0.3:0.2]
set grid xtics noytics
set tics scale 0.5
set xtics format "%+g%%"
# Steps of 1, 2 or 5 times a power of ten, so few that labels keep apart.
least = (high - low) / (narrow ? 4.0 : 6.0)
unit = 10 ** floor(log10(least))
set xtics unit * (least <= unit ? 1 : least <= 2 * unit ? 2 : least <= 5 * unit ? 5 : 10)
set border 1
set ytics scale 0
if (narrow) {
	unset ytics
	set lmargin 2
	set rmargin 2
} else {
	set rmargin 15
}
set key outside bottom center horizontal Left reverse samplen 2 width 2 maxcols (narrow ? 2 : 4)

# On a phone the name stands above its row, else left of it.  The line of no change is drawn
# row by row: through a name it would be illegible.
above = narrow ? 0.38 : 0
plot ARG2 index 0 every ::1 using 3:1:6:7:($1 - 0.2):($1 + 0.2) \
		with boxxyerror fillstyle solid 1.0 noborder fillcolor rgb "#e8e8e8" \
		title "counts as equal", \
	ARG2 index 0 every ::1 using (0):($1 - (narrow ? 0.22 : 0.5)):(0):(narrow ? 0.6 : 1) \
		with vectors nohead linewidth 1.2 linecolor rgb "#5a5a5a" notitle, \
	for [kind = 0 : 3] ARG2 index 0 every ::1 \
		using ($9 == kind && $4 < $5 ? $3 : NaN):1:4:5 \
		with xerrorbars pointtype -1 linewidth 1.8 \
		linecolor rgb colours[kind + 1] notitle, \
	for [kind = 0 : 3] ARG2 index 0 every ::1 using ($9 == kind ? $3 : NaN):1 \
		with points pointtype points[kind + 1] pointsize 1 linewidth 1.8 \
		linecolor rgb colours[kind + 1] \
		title (has(kind) ? names[kind + 1] : ""), \
	ARG2 index 0 every ::1 using (narrow ? low : NaN):($1 - above):2 \
		with labels left font ",12" notitle, \
	ARG2 index 0 every ::1 using (low):1:ytic("  " . strcol(2)) \
		with points pointtype -1 notitle, \
	ARG2 index 0 every ::1 using (narrow ? high : NaN):($1 - above):8 \
		with labels right font ",12" notitle, \
	ARG2 index 0 every ::1 using (narrow ? NaN : high):1:8 \
		with labels left offset character 1,0 notitle, \
	ARG2 index 1 every ::1 using (low):1:2 \
		with labels left offset character 0.2,0 font ",15" notitle
unset output
