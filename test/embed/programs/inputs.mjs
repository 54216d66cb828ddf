/** What the published programs are given. All of it is made up here. */

const DART_BODIES = [
  "void  main( ){print('a'+\n'b');}",
  "class A extends B with C implements D{final int x;A(this.x);int get y=>x*2;}",
  "var xs=[for(var i=0;i<10;i++)if(i.isEven)i*i else -i];",
  "Future<void> f()async{await for(final x in g()){if(x==null)continue;yield x;}}",
  "enum Color{red,green,blue;bool get isRed=>this==red;}",
  "switch(x){case 1:case 2:print('low');break;default:print('high');}",
  "int fact(int n)=>n<=1?1:n*fact(n-1);",
  "typedef Callback<T>=void Function(T value,{required String name,int? count});",
  "extension on String{String twice()=>this+this;}",
  "mixin M on Object{void m(){try{throw 'x';}on String catch(e,s){rethrow;}finally{print(1);}}}",
  "const map={'a':1,'b':[1,2,3],'c':{'d':null}};",
  "import 'dart:math'as math show pi hide max;\nlibrary x;",
  "final r=(1,'two',name:3);final (a,b,name:c)=r;",
  "sealed class Shape{}class Circle extends Shape{final double r;Circle(this.r);}",
  "void g(){label:for(;;){while(true){do{break label;}while(false);}}}",
  `String s='''multi\nline \${1+1}''';`,
  "@override @deprecated external static const factory A.b()=C;",
  "this is not dart {{{",
  "abstract class X<T extends Comparable<T>>{operator +(T o);void set v(T t);}",
  "void long(){someFunction(argumentNumberOne,argumentNumberTwo,argumentNumberThree,argumentNumberFour,five);}",
];

/** Twenty files, the last ones long. */
export const DART_FILES = DART_BODIES.map((body, i) =>
  i < 15 ? body : `${body}\n\n`.repeat(1 + (i % 4) * 5),
);

const KOTLIN_BODIES = [
  "fun   main( ){println( 1+2 )}",
  'class A(val x:Int,var y:String?=null):B(),C{override fun toString()="A($x)"}',
  "fun <T:Comparable<T>>max(a:T,b:T):T=if(a>b)a else b",
  "val xs=listOf(1,2,3).map{it*2}.filter{x->x>2}.fold(0){a,b->a+b}",
  'fun f(x:Any)=when(x){is Int->x+1\nis String->x.length\nin 1..10->0\nelse->throw Exception("no")}',
  "object Single{const val A=1;@JvmStatic fun b()=A}",
  "sealed interface S{data class D(val a:Int):S;data object E:S}",
  'suspend fun g(){try{h()}catch(e:Exception){println(e)}finally{println("done")}}',
  "enum class E(val v:Int){A(1),B(2){override fun x()=2};open fun x()=1}",
  "inline fun<reified T>t(block:T.()->Unit){val l=fun(a:Int):Int{return a};label@for(i in 0 until 10 step 2){continue@label}}",
  "import a.b.c\nimport a.b.d as e\n\n\n\nval x by lazy{1}",
  "var p:Int=0\nget()=field\nset(v){field=v}",
  "typealias F=(Int,String)->Map<String,List<Int>>",
  `fun h(vararg a:Int,b:String="""raw \${a[0]} text"""){a?.b!!.c?:d}`,
  'annotation class Ann(val s:String)\n@Ann("x")class K private constructor(){companion object{fun make()=K()}}',
  "not kotlin at all {{{",
  'abstract class G<in T,out R>{abstract fun go(t:T):R;init{println("x")}}',
  "fun long(){someFunction(argumentNumberOne,argumentNumberTwo,argumentNumberThree,argumentNumberFour,argumentFive)}",
  'operator fun Int.plus(o:String)="$this$o"\ninfix fun Int.foo(x:Int)=this shl x',
  "fun i(){while(true){do{if(a&&b||!c){break}}while(x!==y)}}",
];

export const KOTLIN_FILES = KOTLIN_BODIES.map((body, i) =>
  i < 15 ? body : `${body}\n\n`.repeat(1 + (i % 3) * 4),
);

/** Patterns, and what they are matched with. */
export const SELECTORS = [
  ["[a-c]+\\d{2}", "abc12", "abc1", "", "d12", "a99"],
  ["(x|yz)*w?", "", "xyzx", "yzw", "q", "xxw"],
  ["\\p{L}+ \\S", "häuser !", "abc", "ab c", "1 a"],
  ["(?i)hello.*", "HELLO world", "hell", "say hello"],
  ["([", "never"],
];
